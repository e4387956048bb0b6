"""Lists of people from other systems, brought into an event: what a file is, what its columns mean, whom it
names, and storing and taking back what came of it."""

"""People who are asked to come, and mails that an organiser starts and that wait ten minutes before they
leave."""

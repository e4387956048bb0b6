"""People who are asked to come."""

"""What is wrong with a list of customers: a to-do list for who keeps it."""

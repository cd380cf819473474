"""What is kept about a person: given out, erased, and let go of when it is old."""

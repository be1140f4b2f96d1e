"""What a job printed → the values found in it."""

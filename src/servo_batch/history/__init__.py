"""What was measured before: recorded, read, shown."""

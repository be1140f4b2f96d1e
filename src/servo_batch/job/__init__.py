"""A command → what became of it."""

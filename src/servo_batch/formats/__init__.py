"""Text → plain values with their places."""

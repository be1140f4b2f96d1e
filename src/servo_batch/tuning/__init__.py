"""Past measurements → the next settings to try."""

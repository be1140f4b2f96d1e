"""Plain values → a checked configuration."""

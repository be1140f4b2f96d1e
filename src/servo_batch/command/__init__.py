"""A command template and values → what to execute."""

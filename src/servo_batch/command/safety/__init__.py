"""Whether a value may stand in its place in a command, how it is quoted there, or why not."""

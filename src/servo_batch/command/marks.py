"""The marks that stand in a command for what is not literal, and how a placeholder may be quoted."""

# A NUL and halves of surrogate pairs, which no command can hold.
HOLE = "\0"  # a placeholder
NUMBER = "\ud800"  # a placeholder that is certain to be a number
WORDS = "\ud801"  # a placeholder that becomes several words
UNKNOWN = "\ud802"  # what the shell puts in: an expansion, a pattern, braces
PLACEHOLDERS = HOLE + NUMBER + WORDS

UNQUOTED, SINGLE, DOUBLE, BARE = "unquoted", "single", "double", "bare"  # bare: none, as in an argument of a list

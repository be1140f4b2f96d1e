"""The verbs: each a page over the same few functions."""

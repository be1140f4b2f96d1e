"""A shell script → its commands and words, as POSIX has them."""

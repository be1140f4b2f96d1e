"""Nothing any more: the fixtures are in conftest.py."""

"""A verb's command line → what it says."""

"""A command template and values → what to execute; what is put in is plain, or nothing runs."""

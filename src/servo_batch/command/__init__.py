"""A command template and values → what to execute: what a placeholder puts in is plain, or nothing runs."""

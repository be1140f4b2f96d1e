"""The tests of the servo agent."""

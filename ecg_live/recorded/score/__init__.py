"""Scores of many recordings: one task a file, in any number of processes, into one table."""

"""Recordings of several wearers in one file, and a file of each again."""

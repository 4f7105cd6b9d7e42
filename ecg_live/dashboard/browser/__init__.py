"""The recorded sessions of a folder: a list to look through, to open and to compare."""

"""Windows of data sets: made by the live signal path, kept on disk, selected, turned into features."""

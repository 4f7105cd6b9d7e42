"""Windows of data sets: made by the live signal path, kept on disk, labelled, selected."""

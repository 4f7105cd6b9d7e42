"""Running a trained encoder: for one wearer or many at once, window by window or as a stream."""

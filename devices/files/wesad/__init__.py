"""WESAD's pickles, read without unpickling."""

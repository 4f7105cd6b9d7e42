"""The start page: choose a source, check ids and model, and begin a session."""

"""Pages for people, in one file that needs nothing else: of a training run, and of a session."""

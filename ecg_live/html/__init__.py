"""Report pages as single HTML files without external resources: of a training run, and of a session."""

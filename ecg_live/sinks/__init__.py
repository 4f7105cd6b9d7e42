"""Where a session's output goes."""

"""A recorded session on the dashboard: played back, moved through and annotated."""

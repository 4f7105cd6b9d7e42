"""The whole session on one axis of time: what is kept of it, and how it is drawn."""

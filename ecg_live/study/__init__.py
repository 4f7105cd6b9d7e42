"""Studies: the file that plans one, the order of its blocks, and the course of a session. Without Qt."""

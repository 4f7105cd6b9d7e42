"""Many wearers in one process: what costs time is done for all of them at once, and no result depends on another's."""

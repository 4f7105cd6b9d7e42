"""Several wearers in one window: a tile for each, the full view of any, and their synchrony."""

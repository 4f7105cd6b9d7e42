"""The Qt dashboard; the only place that imports Qt."""

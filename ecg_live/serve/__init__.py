"""Predict for many wearers on many machines: workers take partitions of a site's streams on NATS."""

"""Encoder, heads, bundle file and predictor."""

"""From recordings to a bundle: pretext, heads, honest scores."""

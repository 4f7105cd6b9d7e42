"""Stage two: small heads learn labels from frozen features (linear probing)."""

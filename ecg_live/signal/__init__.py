"""The signal path: causal, pure, chunk-size invariant."""

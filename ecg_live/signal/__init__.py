"""The signal path: causal, pure, and indifferent to how its input was cut."""

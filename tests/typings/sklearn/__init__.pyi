"""What we use of scikit-learn, which ships no types."""

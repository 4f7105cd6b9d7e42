"""What we use of sklearn.utils."""

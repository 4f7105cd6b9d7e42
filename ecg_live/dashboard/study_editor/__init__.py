"""A study file, made and edited on the screen."""

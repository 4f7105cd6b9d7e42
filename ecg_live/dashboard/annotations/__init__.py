"""What is noted of a recorded session, on the screen."""

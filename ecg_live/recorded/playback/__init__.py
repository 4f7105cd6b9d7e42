"""Play a recorded session back as it was: its own predictions, baselines, markers and causes of gaps."""

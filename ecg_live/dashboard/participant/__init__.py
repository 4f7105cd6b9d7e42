"""The participant's window: instructions, self-reports and biofeedback on a second screen."""

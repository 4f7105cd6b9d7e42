"""Self-reports on the participant's screen: questions that are answered with the mouse or the keyboard."""

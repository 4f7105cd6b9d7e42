"""What terminal, report and dashboard share: states, words and numbers for people. No Qt in here."""

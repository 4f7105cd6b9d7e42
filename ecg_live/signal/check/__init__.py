"""Assessment of electrodes and signal before a session: faults in each second, and the good seconds in a row."""

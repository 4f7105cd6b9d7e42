"""Simulated devices that play recordings, for use without hardware and in tests; sans I/O, a host moves the bytes."""

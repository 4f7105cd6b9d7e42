"""Devices that play recordings, for people without hardware and for tests; sans I/O, a host moves their bytes."""

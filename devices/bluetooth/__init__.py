"""Bluetooth devices: the radio through bleak, and a driver for each kind of device."""

"""Bluetooth Low Energy: the transport, built on bleak, and one driver per kind of device."""

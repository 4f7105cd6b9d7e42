"""A wearer's stream on a NATS server as a source: ``nats:SITE/WEARER``."""

from devices.nats.opening import open_nats

__all__ = ["open_nats"]

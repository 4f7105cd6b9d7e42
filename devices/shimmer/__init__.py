"""Shimmer3 and Shimmer3R with an ECG board, running LogAndStream."""

from devices.shimmer.driver import ShimmerDriver

__all__ = ["ShimmerDriver"]

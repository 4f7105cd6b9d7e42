"""Which device in reach is the session's: one only at the start, and after a loss the same one again."""

from __future__ import annotations

from contextlib import suppress

from devices.link import DeviceTransport, Driver, FoundDevice, LinkLost
from ecg_live.errors import DeviceError

_TWIN_SCAN_S = 1.5  # a strap advertises about once a second


class DeviceChoice:
    """Chooses a driver's device among those in reach.

    Parameters
    ----------
    driver : Driver
        Its ``info.source_id`` is the name or address that the user gave; empty for any device of the kind.
    """

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._is_unique = not driver.info.source_id  # the first one in reach is wanted
        self._pinned: FoundDevice | None = None

    def matches(self, found: FoundDevice) -> bool:
        """Whether a device is the one searched for.

        After `pin` that is the same device only: another of its name may be worn by another participant. A source of
        beats alone is known by its name, since watches change their address.
        """
        if not self._driver.matches(found):
            return False
        pinned = self._pinned
        if pinned is None or found.address.casefold() == pinned.address.casefold():
            return True
        return not self._driver.info.rate and found.name == pinned.name

    def pin(self, found: FoundDevice) -> None:
        """Keep to a device: it streamed."""
        self._pinned = found

    async def check_unique(self, found: FoundDevice, transport: DeviceTransport) -> None:
        """Check, before the first connection, that a name is that of one device in reach.

        Raises
        ------
        DeviceError
            It is the name of two; the message lists both, with what to write.
        """
        wanted = self._driver.info.source_id.strip().casefold()
        if self._is_unique or wanted == found.address.casefold():
            return
        is_exact = wanted == found.name.casefold()  # then a longer name is no twin

        def is_twin(other: FoundDevice) -> bool:
            if other.address == found.address or not self._driver.matches(other):
                return False
            return other.name.casefold() == wanted or not is_exact

        with suppress(LinkLost):  # a twin that is connected already is another session's
            if twin := await transport.find(is_twin, _TWIN_SCAN_S):
                raise _ambiguous(self._driver.description, found, twin)
        self._is_unique = True


def _ambiguous(wanted: str, one: FoundDevice, other: FoundDevice) -> DeviceError:
    return DeviceError(
        f"two devices in reach match {wanted}: {one.name} at {one.address} and {other.name} at {other.address}",
        f"write the address in place of the name: address={one.address} or address={other.address}",
    )

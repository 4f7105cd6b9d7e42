"""What a simulated device advertises: its services, and on request its name."""

from __future__ import annotations

from uuid import UUID

from devices.simulate.emulator import Emulator

_AD_FLAGS, _AD_SERVICES_16, _AD_SERVICES_128, _AD_NAME = (
    0x01,
    0x03,
    0x07,
    0x09,
)  # Bluetooth Assigned Numbers, 2.3 Common Data Types
_SIG_UUID_SUFFIX = "-0000-1000-8000-00805f9b34fb"  # of UUIDs that the SIG assigned (Core 5.4, Vol 3 Part B, 2.5.1)
_MAX_NAME_BYTES = 29  # bytes of a name that fit into the 31 of a scan response


def advertisement(emulator: Emulator) -> tuple[bytes, bytes]:
    """Return advertisement with the services and scan response with the name: one of 31 bytes seldom takes both."""
    uuids = [short_uuid(uuid) for uuid in emulator.advertised]
    brief = b"".join(bytes.fromhex(uuid)[::-1] for uuid in uuids if len(uuid) == 4)
    full = b"".join(UUID(uuid).bytes[::-1] for uuid in uuids if len(uuid) > 4)
    services = b"".join(
        _ad_structure(kind, data) for kind, data in ((_AD_SERVICES_16, brief), (_AD_SERVICES_128, full)) if data
    )
    return _ad_structure(_AD_FLAGS, b"\x06") + services, _ad_structure(
        _AD_NAME, emulator.name.encode()[:_MAX_NAME_BYTES]
    )


def _ad_structure(kind: int, data: bytes) -> bytes:
    return bytes([len(data) + 1, kind]) + data


def short_uuid(uuid: str) -> str:
    """Give the 16-bit form of a UUID that the Bluetooth SIG assigned."""
    return uuid[4:8] if uuid.startswith("0000") and uuid.endswith(_SIG_UUID_SUFFIX) else uuid

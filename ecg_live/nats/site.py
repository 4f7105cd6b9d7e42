"""Make a site on a server: its streams of raw data and results, and its buckets."""

from __future__ import annotations

import nats.js.errors
from nats.js import api

from ecg_live.errors import DeviceError
from ecg_live.nats.connection import AWAY_ERRORS, Connection
from ecg_live.nats.names import DEFAULT_PARTITIONS, SUBJECT_ROOT, SiteNames

SITE_ERRORS: tuple[type[BaseException], ...] = (nats.js.errors.Error, *AWAY_ERRORS)
DUPLICATE_WINDOW_S = 120.0  # of message ids; later duplicates are found by the frames' own numbers
NO_ROOM_CODES = (10023, 10028, 10047)  # JetStream's codes: its memory, account or disk is too small
LEASE_S = 6.0  # a lease that is not renewed for so long is gone
FULL_SHARE_OF_RESULTS = 0.1  # of the raw stream's size: a result a second takes less than samples


async def make_site(
    connection: Connection, site: str, partitions: int = DEFAULT_PARTITIONS, max_bytes: int = -1, replicas: int = 1
) -> SiteNames:
    """Make what a site needs, or use what is there.

    Parameters
    ----------
    connection : Connection
    site : str
        Checked name.
    partitions : int
        Of a new site; an old one keeps its number.
    max_bytes : int
        Limit of the raw stream, -1 for the server's own; when it is reached, new frames wait at the bridges.
    replicas : int
        Copies in a cluster, for a new site.

    Raises
    ------
    DeviceError
        The server has no JetStream, or refuses.
    """
    names = SiteNames(site, partitions)
    try:
        for bucket, seconds in ((names.bucket, None), (names.lease_bucket, LEASE_S)):
            await _make_bucket(connection, bucket, seconds, replicas)
        names = SiteNames(site, await _partitions(connection, names))
        small = max_bytes if max_bytes < 0 else max(1 << 20, round(max_bytes * FULL_SHARE_OF_RESULTS))
        await _make_stream(connection, names.raw_stream, names.raw_subjects(), max_bytes, replicas)
        await _make_stream(connection, names.result_stream, names.result_subjects(), small, replicas)
    except SITE_ERRORS as error:
        why = getattr(error, "description", None) or "no answer: is JetStream on?"
        no_room = getattr(error, "err_code", None) in NO_ROOM_CODES
        raise DeviceError(
            f"site {site} cannot be made on the NATS server at {connection.options.url}: {why}",
            "free space there, or give a smaller --store-gb"
            if no_room
            else "give credentials that may make streams, or have its operator make the site",
        ) from error
    return names


async def _make_bucket(connection: Connection, bucket: str, seconds: float | None, replicas: int) -> None:
    config = api.KeyValueConfig(bucket, ttl=seconds, storage=api.StorageType.FILE, direct=True, replicas=replicas)
    try:
        await connection.js.create_key_value(config)
    except nats.js.errors.BadRequestError as error:
        if not await _exists(connection, f"KV_{bucket}"):
            raise error from None


async def _make_stream(connection: Connection, name: str, subjects: str, max_bytes: int, replicas: int) -> None:
    config = api.StreamConfig(
        name=name,
        description=f"ecg-live: {SUBJECT_ROOT}",
        subjects=[subjects],
        storage=api.StorageType.FILE,
        discard=api.DiscardPolicy.NEW,  # what is stored stays; bridges wait and say so
        max_bytes=max_bytes,
        duplicate_window=DUPLICATE_WINDOW_S,
        allow_direct=True,
        num_replicas=replicas,
    )
    try:
        await connection.js.add_stream(config)
    except nats.js.errors.BadRequestError as error:
        if not await _exists(connection, name):
            raise error from None
        found = (await connection.js.stream_info(name)).config
        if max_bytes > 0 and found.max_bytes != max_bytes:
            await connection.js.update_stream(found.evolve(max_bytes=max_bytes))


async def _exists(connection: Connection, stream: str) -> bool:
    try:
        await connection.js.stream_info(stream)
    except nats.js.errors.NotFoundError:
        return False
    return True


async def _partitions(connection: Connection, names: SiteNames) -> int:
    """The site's number of partitions: the first who makes the site sets it."""
    bucket = connection.bucket(names.bucket)
    try:
        await bucket.create("site.partitions", str(names.partitions).encode())
    except nats.js.errors.KeyWrongLastSequenceError:
        entry = await bucket.get("site.partitions")
        return int(entry.value or b"0")
    return names.partitions

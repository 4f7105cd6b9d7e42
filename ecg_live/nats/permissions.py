"""Permissions of a server's users: what a bridge and a viewer of one wearer need, and nothing of another wearer.

Readers use consumers whose filter is part of the request's subject, and entries are read by requests that name their
key: the server can so tell one wearer from another.
"""

from __future__ import annotations

import json

from ecg_live.nats.names import SiteNames


def user_permissions(names: SiteNames, wearer: str, user: str) -> str:
    """Permissions for the ``users`` of a NATS server's configuration: publish and watch one wearer.

    Parameters
    ----------
    names : SiteNames
    wearer : str
    user : str
        The user's name, which `ecg_live.nats.connection` makes a part of the subjects of answers.
    """
    raw, bucket, leases = names.raw_subject(wearer), names.bucket, names.lease_bucket
    record, lease = f"$KV.{bucket}.{names.wearer_key(wearer)}", f"$KV.{leases}.bridge.{wearer}"
    direct = "$JS.API.DIRECT.GET"
    publish = [
        raw,
        record,
        lease,
        f"{direct}.{names.raw_stream}.{raw}",
        f"{direct}.KV_{bucket}.$KV.{bucket}.site.partitions",
        f"{direct}.KV_{bucket}.{record}",
        f"{direct}.KV_{leases}.{lease}",
        f"$JS.API.CONSUMER.CREATE.{names.raw_stream}.*.{raw}",
        f"$JS.FC.{names.raw_stream}.>",
    ]
    return json.dumps({"publish": {"allow": publish}, "subscribe": {"allow": [f"_INBOX_{user}.>"]}})

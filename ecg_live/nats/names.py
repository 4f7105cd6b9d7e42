"""Names of a site's streams, buckets and subjects: ``ecg.SITE.pNN.WEARER.raw`` and ``.results``.

A wearer's partition is a hash of the wearer's id, so that every program computes the same one.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from ecg_live.errors import ConfigError

DEFAULT_SITE = "lab"
DEFAULT_PARTITIONS = 32  # as many workers can share a site; fixed once the site is made
MAX_NAME_LENGTH = 64
_NAME_PATTERN = re.compile(rf"[A-Za-z0-9_-]{{1,{MAX_NAME_LENGTH}}}")
SUBJECT_ROOT = "ecg"


def check_name(what: str, text: str) -> str:
    """Return a site's name or a wearer's id if it can be part of a subject.

    Raises
    ------
    ConfigError
        It is empty, too long, or has characters that a subject gives a meaning, such as dots, stars and spaces.
    """
    if _NAME_PATTERN.fullmatch(text) is None:
        found = repr(text[:40]) + ("..." if len(text) > 40 else "")
        raise ConfigError(
            f"{what} {found}: it may have 1 to {MAX_NAME_LENGTH} letters (a-z), digits, - and _ only",
            "write it without dots, stars, spaces and other signs, for example P-01",
        )
    return text


def partition_of(wearer: str, partitions: int) -> int:
    """Partition of a wearer: the first 64 bits of the id's SHA-256, modulo their number."""
    return int.from_bytes(hashlib.sha256(wearer.encode()).digest()[:8], "big") % partitions


@dataclass(frozen=True, slots=True)
class SiteNames:
    """Names on the server that belong to a site of so many partitions."""

    site: str
    partitions: int = DEFAULT_PARTITIONS

    @property
    def raw_stream(self) -> str:
        """Stream of all wearers' samples and events."""
        return f"ECG_{self.site}"

    @property
    def result_stream(self) -> str:
        """Stream of all wearers' predictions."""
        return f"ECG_{self.site}_RESULTS"

    @property
    def bucket(self) -> str:
        """Key-value bucket of the site's settings, wearers, workers' states and positions."""
        return f"ecg_{self.site}"

    @property
    def lease_bucket(self) -> str:
        """Key-value bucket of leases, which the server removes when nothing renews them."""
        return f"ecg_{self.site}_leases"

    def partition(self, wearer: str) -> int:
        """Partition of a wearer."""
        return partition_of(wearer, self.partitions)

    def raw_subject(self, wearer: str) -> str:
        """Subject of a wearer's samples and events."""
        return f"{SUBJECT_ROOT}.{self.site}.{partition_token(self.partition(wearer))}.{wearer}.raw"

    def result_subject(self, wearer: str) -> str:
        """Subject of a wearer's predictions."""
        return f"{SUBJECT_ROOT}.{self.site}.{partition_token(self.partition(wearer))}.{wearer}.results"

    def raw_subjects(self, partition: int | None = None) -> str:
        """Pattern of the raw subjects of a partition, or of all."""
        return f"{SUBJECT_ROOT}.{self.site}.{partition_token(partition)}.*.raw"

    def result_subjects(self, partition: int | None = None) -> str:
        """Pattern of the result subjects of a partition, or of all."""
        return f"{SUBJECT_ROOT}.{self.site}.{partition_token(partition)}.*.results"

    def wearer_key(self, wearer: str) -> str:
        """Key of a wearer's record in the site's bucket."""
        return f"wearer.{partition_token(self.partition(wearer))}.{wearer}"

    def state_key(self, wearer: str) -> str:
        """Key of a wearer's state in the site's bucket."""
        return f"state.{partition_token(self.partition(wearer))}.{wearer}"


def partition_token(partition: int | None) -> str:
    """A partition in a subject or key: ``p07``; a star for all of them."""
    return "*" if partition is None else f"p{partition:02d}"


def wearer_of(subject: str) -> str:
    """Wearer of a raw or result subject."""
    return subject.split(".")[3]

"""The packages of the extra ``train``: what ``train``, ``evaluate``, ``fetch`` and ``sweep`` need."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from ecg_live.errors import ConfigError

TRAINING_PACKAGES = ("filelock", "lightning_fabric", "sklearn")


def require_training_packages() -> None:
    """Check that training can be imported.

    Raises
    ------
    ConfigError
        A package is missing.
    """
    for name in TRAINING_PACKAGES:
        if find_spec(name) is None:
            raise _not_installed(name)


@contextmanager
def training_imports() -> Iterator[None]:
    """Replace the error of an import by one that names the extra.

    Raises
    ------
    ConfigError
        A package is missing.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise _not_installed(error.name) from error


def _not_installed(name: str | None) -> ConfigError:
    return ConfigError(f"{name} is not installed", "run: python -m pip install 'ecg-live[train]'")

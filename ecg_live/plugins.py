"""Plug-ins of other packages, by entry points; one is imported only if no built-in applies."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from ecg_live.errors import ConfigError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

PluginGroup = Literal[
    "ecg_live.readers", "ecg_live.devices", "ecg_live.datasets", "ecg_live.encoders", "ecg_live.pipelines"
]


@cache
def _installed(group: PluginGroup) -> tuple[EntryPoint, ...]:
    """Entry points of a group by name; of two with one name the first on the path."""
    from importlib.metadata import entry_points  # noqa: PLC0415 - loads what reads mails, for which no window waits

    found: dict[str, EntryPoint] = {}
    for each in entry_points(group=group):
        found.setdefault(each.name.casefold(), each)
    return tuple(found[name] for name in sorted(found))


def plugin_names(group: PluginGroup) -> tuple[str, ...]:
    """Names of the installed plug-ins of a group, in small letters and sorted; nothing is imported."""
    return tuple(each.name.casefold() for each in _installed(group))


def load_plugin(group: PluginGroup, name: str) -> Any | None:
    """Import a plug-in; None where none has that name.

    Raises
    ------
    ConfigError
        It cannot be imported; names it and its package.
    """
    wanted = next((each for each in _installed(group) if each.name.casefold() == name.casefold()), None)
    if wanted is None:
        return None
    try:
        return wanted.load()
    except Exception as error:
        raise broken_plugin(group, name, "cannot be imported", error) from error


def load_plugins(group: PluginGroup) -> Iterator[tuple[str, Any]]:
    """Import the plug-ins of a group, one after the other.

    Raises
    ------
    ConfigError
        As `load_plugin`.
    """
    for name in plugin_names(group):
        yield name, load_plugin(group, name)


def broken_plugin(group: PluginGroup, name: str, what: str, error: Exception | str) -> ConfigError:
    """Error for a plug-in that fails: names it, its package and the failure in one line.

    Parameters
    ----------
    group, name : str
        Of the entry point.
    what : str
        What fails, as the sentence's predicate.
    error : Exception or str
        The reason.
    """
    entry = next((each for each in _installed(group) if each.name.casefold() == name.casefold()), None)
    package = entry.dist.name if entry is not None and entry.dist is not None else "an unknown package"
    why = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
    return ConfigError(
        f"the plug-in {name!r} ({group}) of {package} {what}: {' '.join(why.split())}", "update it, or uninstall it"
    )

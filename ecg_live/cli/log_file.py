"""``--log FILE``: log entries of ecg-live, one a line, without personal data.

Messages of our errors about devices, models or settings are kept. Messages of file readers and of other libraries may
quote a value (a sample, a marker, a name): only the type of such an error and where it was raised are kept.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from logging.handlers import QueueHandler, QueueListener
from pathlib import Path
from queue import SimpleQueue
from traceback import walk_tb
from types import TracebackType
from typing import TextIO

from ecg_live import __version__
from ecg_live.atomic_write import PRIVATE_FILE
from ecg_live.cli import print_notice
from ecg_live.config import LiveSettings, load_settings
from ecg_live.errors import ConfigError, DatasetError, EcgLiveError, RecordingError
from ecg_live.participant_profile import file_name_of
from ecg_live.text import sanitize

LOGGED_PACKAGES = ("ecg_live", "devices", "training")
MASK_TEXT = "[...]"
_log = logging.getLogger(__name__)
_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class PrivateFormatter(logging.Formatter):
    """Wall time, level, module and message on one line; ``private`` words are masked, ignoring case."""

    def __init__(self, private: Iterable[str] = ()) -> None:
        super().__init__()
        words = sorted({word for word in private if word}, key=len, reverse=True)
        either = "|".join(map(re.escape, words))
        self._private = re.compile(rf"(?<![^\W_])(?:{either})(?![^\W_])", re.IGNORECASE) if words else None

    def format(self, record: logging.LogRecord) -> str:
        """Format an entry as one line."""
        time = datetime.fromtimestamp(record.created, UTC).astimezone().isoformat(timespec="milliseconds")
        message = record.getMessage()
        if record.exc_info:
            message += f": {self.formatException(record.exc_info)}"
        if self._private is not None:
            message = self._private.sub(MASK_TEXT, message)
        return f"{time} {record.levelname} {record.name} {sanitize(message)}"

    def formatException(self, ei: _ExcInfo) -> str:  # noqa: N802 - logging's name
        """Types and places of an error and of its causes, the last first."""
        parts: list[str] = []
        error = ei[1]
        while error is not None and len(parts) < 10:
            parts.append(f"{_error_text(error)}{_error_place(error)}")
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return ", caused by ".join(parts)


def _error_text(error: BaseException) -> str:
    kind = type(error).__name__
    if isinstance(error, EcgLiveError) and not isinstance(error, RecordingError | DatasetError):
        return f"{kind}: {error}"
    if isinstance(error, OSError) and error.strerror:
        return f"{kind}: {error.strerror}"
    return kind


def _error_place(error: BaseException) -> str:
    """Modules, functions and lines of the traceback; without paths, which may name a user."""
    frames = [
        f"{frame.f_globals.get('__name__', '?')}.{frame.f_code.co_name}:{line}"
        for frame, line in walk_tb(error.__traceback__)
    ]
    return f" at {' > '.join(frames)}" if frames else ""


class _LogFile(logging.StreamHandler[TextIO]):
    """Appends to a file; a failed write is reported once, and later entries are lost."""

    def __init__(self, path: Path) -> None:
        super().__init__(_open_private(path))
        self._path = path
        self._failure_reported = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - logging's name
        if not self._failure_reported:
            self._failure_reported = True
            print_notice(f"the log {self._path} takes no more; the rest goes on without it")

    def close(self) -> None:
        with suppress(OSError):  # a failed write was reported
            self.stream.close()
        super().close()


@contextmanager
def log_to(path: str | None, private: Iterable[str] = ()) -> Iterator[None]:
    """Append log entries to a file of mode 0600 while the block runs, and an error that leaves it.

    A separate thread writes, so that no session waits for the disk. Without a ``path`` nothing is logged.

    Raises
    ------
    ConfigError
        The file cannot be written to.
    """
    if path is None:
        yield
        return
    file = _LogFile(Path(path))
    entries: SimpleQueue[logging.LogRecord] = SimpleQueue()
    handler, listener = QueueHandler(entries), QueueListener(entries, file)
    handler.setFormatter(PrivateFormatter(private))
    loggers = [logging.getLogger(name) for name in LOGGED_PACKAGES]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
    listener.start()
    try:
        _log.info("ecg-live %s begins", __version__)
        yield
        _log.info("it ends")
    except Exception:
        _log.exception("the command failed")
        raise
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.removeHandler(handler)
            logger.setLevel(level)
        listener.stop()
        file.close()


def log_option(option: str | None) -> str | None:
    """Read the log's path from option, environment or TOML file, for commands without other settings.

    Raises
    ------
    ConfigError
        As `load_settings`.
    """
    return load_settings({"log": option}, only=("log",)).log


def private_words(settings: LiveSettings, source: str) -> Iterator[str]:
    """Words of a session's settings that may name the wearer: pseudonyms, names of files and folders."""
    for name in (settings.participant, settings.session):
        if name:
            yield from (name, file_name_of(name))
    for text in (source.removeprefix("file:"), settings.record or ""):
        if text and (text == settings.record or os.path.exists(text)):  # noqa: PTH110 - as in uri
            yield from (text, str(Path(text).absolute()), Path(text).name, Path(text).stem)


def _open_private(path: Path) -> TextIO:
    try:
        if path.exists() and not path.is_file():
            raise ConfigError(f"--log {path} is not a file", "name a file that can be written")
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, PRIVATE_FILE)
        if hasattr(os, "fchmod"):  # an existing file may be readable by others
            os.fchmod(number, PRIVATE_FILE)
        return os.fdopen(number, "a", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise ConfigError(f"--log {path}: {error.strerror}", "name a file that can be written") from error

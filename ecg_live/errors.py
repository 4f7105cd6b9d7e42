"""The error tree. Every message states the value found, the value expected, and the remedy."""

from __future__ import annotations

MAX_MESSAGE_CHARACTERS = 400  # two lines of a wide terminal; a file's columns or a library's text may fill pages


def shortened(text: str, longest: int = MAX_MESSAGE_CHARACTERS) -> str:
    """Make a text one line, and cut the middle of a long one: the finding is at its start, the reason at its end."""
    text = " ".join(text.splitlines())  # a library's message may have several
    if len(text) <= longest:
        return text
    tail = longest // 3
    return f"{text[: longest - tail - 5]} ... {text[-tail:]}"


class EcgLiveError(Exception):
    """Anything that goes wrong in a way a user can understand.

    Parameters
    ----------
    message : str
        What was found and what the limit is, in one line; shortened where it is longer than a line or two.
    remedy : str
        What to do, in one line; likewise.
    """

    exit_code = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        self.message = shortened(message)
        self.remedy = shortened(remedy)
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message} ({self.remedy})" if self.remedy else self.message


class DeviceError(EcgLiveError):
    """A device could not be used."""

    exit_code = 3


class DeviceNotFound(DeviceError):
    """No device or stream of that name was found."""


class DeviceLost(DeviceError):
    """A device went away and its supervisor gave up."""


class ProtocolError(DeviceError):
    """A device sent data that its protocol does not allow."""


class RecordingError(EcgLiveError):
    """A recording could not be read or written."""

    exit_code = 4


class FormatError(RecordingError):
    """A file does not follow its format; names file, line or byte, the value found and the value expected."""


class TruncatedError(RecordingError):
    """A file was cut so early that nothing complete is left."""


class ModelError(EcgLiveError):
    """A model could not be used."""

    exit_code = 4


class BundleError(ModelError):
    """A bundle file is damaged, of another schema, or not a bundle."""


class IncompatibleBundle(ModelError):
    """A bundle was made for another signal path than the one that runs."""


class DatasetError(EcgLiveError):
    """A data set is not laid out as expected, or cannot be trained on."""

    exit_code = 4


class ConfigError(EcgLiveError):
    """An invalid setting, option or channel; the user can correct it."""

    exit_code = 2

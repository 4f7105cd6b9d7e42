"""The one error tree. Every message says what was found, what was expected, and what to do about it."""

from __future__ import annotations

MAX_MESSAGE_CHARACTERS = (
    400  # characters: two lines of a wide terminal; a file's columns or a library's words may fill pages
)


def shortened(text: str, longest: int = MAX_MESSAGE_CHARACTERS) -> str:
    """Make a text one line, and leave out the middle of one that is too long: what was found is first, why is last."""
    text = " ".join(text.splitlines())  # what a file or library says may have several
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
    """Nothing in reach answers to that name."""


class DeviceLost(DeviceError):
    """A device went away and its supervisor gave up."""


class ProtocolError(DeviceError):
    """A device said something that its protocol does not allow."""


class RecordingError(EcgLiveError):
    """A recording could not be read or written."""

    exit_code = 4


class FormatError(RecordingError):
    """A file is not what it should be; names file, line or byte, what was found and what was expected."""


class TruncatedError(RecordingError):
    """A file was cut where nothing whole is left."""


class ModelError(EcgLiveError):
    """A model could not be used."""

    exit_code = 4


class BundleError(ModelError):
    """A bundle file is broken, of another schema, or no bundle at all."""


class IncompatibleBundle(ModelError):
    """A bundle was made for another signal path than the one that runs."""


class DatasetError(EcgLiveError):
    """A data set is not laid out as expected, or cannot be trained on."""

    exit_code = 4


class ConfigError(EcgLiveError):
    """A setting, option or channel that cannot be; the user's to mend."""

    exit_code = 2

"""Going on with a study's session that was cut: what its recordings tell of the wearer is learnt again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ecg_live.cli import print_notice
from ecg_live.errors import EcgLiveError

if TYPE_CHECKING:
    from ecg_live.model.bundle import Bundle
    from ecg_live.recorded.wearer_state import WearerState


@dataclass(frozen=True, slots=True)
class CutSession:
    """The parts of a session so far.

    Parameters
    ----------
    recordings : tuple of Path
        The oldest first.
    rests : mapping of str to float, optional
        Seconds of the resting baseline that a block begins, by the block's name.
    resting_block : str, optional
        Such a block that an earlier part ran.
    """

    recordings: tuple[Path, ...]
    rests: Mapping[str, float]
    resting_block: str | None

    def learn_again(self, bundle: Bundle, before: WearerState, channel: str | None) -> WearerState:
        """What the session knew when it was cut; a recording that cannot be read is left out, and a line says so.

        Parameters
        ----------
        bundle : Bundle
        before : WearerState
            What was known before the session.
        channel : str, optional
            That of the ECG, where there are several.
        """
        from ecg_live.recorded.wearer_state import learn_again

        print_notice("what was recorded of the cut session is heard again, so that the heads know the wearer as before")
        known = before
        for path in self.recordings:
            try:
                known = learn_again(path, bundle, self.rests, known, channel)
            except EcgLiveError as error:
                print_notice(f"{path.name} tells nothing of the wearer: {error.message}")
        if self.resting_block is not None and any("personal" in head for head in bundle.heads.values()):
            print_notice(self._baseline_text(known))
        return known

    def _baseline_text(self, known: WearerState) -> str:
        if known.baseline is not None:
            return f"the resting baseline of block {self.resting_block} holds: {len(known.baseline)} windows"
        return (
            f"the resting baseline of block {self.resting_block} cannot be made again from the recording: "
            "heads answer without it until a block with one runs again"
        )

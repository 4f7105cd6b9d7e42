"""The order of a study's blocks for one participant: as in the file, or counterbalanced over the participants."""

from __future__ import annotations

from ecg_live.errors import ConfigError
from ecg_live.study.plan import Block, Study


def order_blocks(study: Study, participant: str) -> tuple[Block, ...]:
    """The blocks in the order for a participant.

    Counterbalanced, the blocks that are not ``in_place`` follow a row of Williams' Latin square: over as many
    participants as there are such blocks (twice as many for an odd number), each block stands equally often at each
    place, and follows each other one equally often.

    Raises
    ------
    ConfigError
        The study lists its participants, and this is none of them.
    """
    if study.participants and participant not in study.participants:
        raise ConfigError(
            f"{participant!r} is not one of the {len(study.participants)} participants of {study.name}",
            "mend the id, or add it at the end of the list",
        )
    if study.order == "fixed":
        return study.blocks
    moved = [block for block in study.blocks if not block.in_place]
    row = latin_square_row(len(moved), study.participants.index(participant)) if moved else ()
    ordered = iter([moved[k] for k in row])
    return tuple(block if block.in_place else next(ordered) for block in study.blocks)


def latin_square_row(size: int, number: int) -> tuple[int, ...]:
    """Row ``number`` of the balanced Latin square of Williams (1949, Austral. J. Sci. Res. A 2:149), cyclically.

    An odd size has two squares, the second with its rows backwards.
    """
    first = [(k + 1) // 2 if k % 2 else (size - k // 2) % size for k in range(size)]
    row = tuple((each + number) % size for each in first)
    backwards = size % 2 == 1 and number // size % 2 == 1
    return row[::-1] if backwards else row

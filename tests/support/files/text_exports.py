"""What LabChart and AcqKnowledge write as text."""

from pathlib import Path

from tests.support.files.csv_files import write


def block(
    first: int, count: int, began: float = 0.0, interval: str = "0.001 s", notes: dict[int, str] | None = None
) -> str:
    """A block of LabChart whose samples are their own index in the file."""
    rows = [f"{i / 1000:g}\t0.5\t{first + i}" + (f"\t{notes[i]}" if notes and i in notes else "") for i in range(count)]
    return LABCHART.format(interval=interval, excel=EXCEL + began / 86_400) + "\n".join(rows) + "\n"


def acqknowledge(path: Path, *, time: bool = True, counts: bool = True, interval: str = "1 msec/sample") -> Path:
    """An export of 500 samples, which are their own index."""
    head = ["P07_rest.acq", interval, "2 channels", "RSP - RSP100C", "Volts", "ECG - ECG100C", "mV"]
    head += ["sec\tCH1\tCH2\t"[0 if time else 4 :]] + (["\t500\t500\t"[0 if time else 1 :]] if counts else [])
    rows = [f"{i / 1000:g}\t0.5\t{i}\t"[0 if time else len(f"{i / 1000:g}\t") :] for i in range(500)]
    return write(path, "\r\n".join([*head, *rows, ""]))


LABCHART = (
    "Interval=\t{interval}\nExcelDateTime=\t{excel!r}\t10/11/19 11:08:37\nTimeFormat=\tStartOfBlock\nDateFormat=\t\n"
    "ChannelTitle=\tResp\tECG\nRange=\t10.000 V\t2.000 mV\nUnitName=\t*\t*\nTopValue=\t*\t*\nBottomValue=\t*\t*\n"
)

EXCEL = 43749.46432274981  # days since 1899-12-30

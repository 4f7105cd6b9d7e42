"""What we use of scipy.io, in tests: files are written and compared with it."""

from collections.abc import Mapping
from os import PathLike
from typing import Any

def loadmat(file_name: PathLike[str]) -> dict[str, Any]: ...
def savemat(file_name: PathLike[str], mdict: Mapping[str, Any], *, do_compression: bool = ...) -> None: ...

"""What we use of sklearn.utils.estimator_checks."""

from collections.abc import Callable, Iterable
from typing import Any

def estimator_checks_generator(
    estimator: object, *, legacy: bool = ...
) -> Iterable[tuple[object, Callable[[Any], None]]]: ...

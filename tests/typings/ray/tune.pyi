"""What we use of ray.tune."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

_Trainable: TypeAlias = Callable[[dict[str, str]], None]

class Trial:
    config: dict[str, str]

class Callback:
    def on_trial_complete(self, *, trial: Trial, **info: object) -> None: ...
    def on_trial_error(self, *, trial: Trial, **info: object) -> None: ...

class RunConfig:
    def __init__(self, *, name: str, storage_path: str, verbose: int, callbacks: Sequence[Callback]) -> None: ...

class TuneConfig:
    def __init__(self, *, max_concurrent_trials: int) -> None: ...

class Tuner:
    def __init__(
        self,
        trainable: _Trainable,
        *,
        param_space: Mapping[str, object],
        tune_config: TuneConfig,
        run_config: RunConfig,
    ) -> None: ...
    def fit(self) -> object: ...

def grid_search(values: Sequence[str]) -> object: ...
def report(metrics: Mapping[str, float]) -> None: ...
def with_resources(trainable: _Trainable, resources: Mapping[str, float]) -> _Trainable: ...

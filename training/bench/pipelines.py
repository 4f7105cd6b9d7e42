"""Pipelines of the benchmark: scikit-learn estimators, ours and those of other packages by entry points."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple, get_args

from sklearn.base import clone

from ecg_live.errors import ConfigError
from ecg_live.plugins import broken_plugin, load_plugin, plugin_names
from training.bench.estimators import ConstantEstimator, HeadEstimator

PipelineInputs = Literal["windows", "hrv", "embedding", "both", "random encoder"]
GROUP: Literal["ecg_live.pipelines"] = "ecg_live.pipelines"
ADAPTIVE = "adaptive"  # ours alone: it needs what came before a window, in every order of the windows
ADAPTIVE_NEEDS = "the adaptive set needs classes, and one subject left out at a time"


class BenchPipeline(NamedTuple):
    """An estimator and what it looks at.

    Parameters
    ----------
    estimator : Any
        A scikit-learn estimator that `sklearn.base.clone` can copy: ``fit(X, y)``, or ``fit(X, y, groups=subjects)``
        if its ``fit`` has that parameter; ``predict_proba(X)`` and ``classes_`` where the label has classes (y is a
        class's index), ``predict(X)`` where it is a number. X holds the windows of one row each.
    inputs : str
        What X is: ``windows`` (n, 2560), normalised and at 256 Hz; ``hrv`` (n, 3), median heart rate, log SDNN and log
        RMSSD, NaN without beats; ``embedding`` (n, 128) by the model's encoder; ``both`` (n, 131); or ``random
        encoder`` (n, 128) by an untrained one.
    """

    estimator: Any
    inputs: PipelineInputs = "windows"


BUILT_IN_PIPELINES: Mapping[str, Callable[[], BenchPipeline]] = {
    "constant": lambda: BenchPipeline(ConstantEstimator(), "hrv"),
    "hrv": lambda: BenchPipeline(HeadEstimator("hrv"), "hrv"),
    "random encoder": lambda: BenchPipeline(HeadEstimator("embedding"), "random encoder"),
    "embedding": lambda: BenchPipeline(HeadEstimator("embedding"), "embedding"),
    "both": lambda: BenchPipeline(HeadEstimator("both"), "both"),
}


def known_pipelines() -> tuple[str, ...]:
    """Names of all pipelines: ours first, then those of other packages."""
    return (
        *BUILT_IN_PIPELINES,
        ADAPTIVE,
        *(name for name in plugin_names(GROUP) if name not in {*BUILT_IN_PIPELINES, ADAPTIVE}),
    )


def check_pipeline(name: str) -> None:
    """Refuse a pipeline that does not exist, without importing any.

    Raises
    ------
    ConfigError
        There is none of that name.
    """
    if name not in known_pipelines():
        raise ConfigError(
            f"the pipeline is {name!r}; known are {', '.join(known_pipelines())}", "choose one of them with --pipeline"
        )


def open_pipeline(name: str) -> BenchPipeline:
    """Make a pipeline by its name.

    Raises
    ------
    ConfigError
        A plug-in cannot be imported, raises, or gives no estimator; names it and its package.
    """
    if name in BUILT_IN_PIPELINES:
        return BUILT_IN_PIPELINES[name]()
    make = load_plugin(GROUP, name)
    try:
        found = make() if callable(make) else make
        pipeline = found if isinstance(found, BenchPipeline) else BenchPipeline(found)
        clone(pipeline.estimator)
    except Exception as error:
        raise broken_plugin(GROUP, name, "gives no estimator", error) from error
    if pipeline.inputs not in get_args(PipelineInputs):
        what = f"asks for {pipeline.inputs!r}; known are {', '.join(get_args(PipelineInputs))}"
        raise broken_plugin(GROUP, name, "cannot be served", what)
    return pipeline

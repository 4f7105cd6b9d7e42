"""A check that runs with every training of a number: ratings that were permuted cannot be learnt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from ecg_live.events import F64
from training.data.feature_table import FeatureTable, Mask
from training.evaluation.cross_validation import CrossValidationPlan
from training.evaluation.fold import result_key
from training.evaluation.fold_cache import run_folds
from training.evaluation.permuted_labels import judge_permuted, report_nothing
from training.evaluation.rating_fold import ESTIMATE_COLUMNS, RatingFold, run_rating_fold
from training.evaluation.regression_metrics import RatingPredictions, bootstrap_regression, regression_scores
from training.evaluation.splits import fold_masks
from training.parallel import local_engine
from training.results import ScoreCheck

CHANCE_CCC = 0.0


def check_permuted_ratings(examples: FeatureTable, chosen: Mapping[str, str], plan: CrossValidationPlan) -> ScoreCheck:
    """Score heads that learn permuted ratings in the same folds: their concordance CCC must not be above 0.

    Ratings are permuted over all windows. A CCC below 0 is no fault: the mean of the training subjects is the lower,
    the higher the ratings of who is left out.

    Parameters
    ----------
    examples : FeatureTable
        The windows.
    chosen : mapping
        The features of each set.
    plan : CrossValidationPlan
        Protocol and seed.
    """
    plan = replace(plan, engine=local_engine(1))  # a ridge regression takes less time than a process to start

    def draw(name: str, number: int) -> tuple[F64, float]:
        return _permuted_ccc(examples, chosen[name], plan, number, relative=name == "personal")

    return judge_permuted("CCC of heads that learnt permuted ratings", chosen, draw, CHANCE_CCC, (-1.0, 1.0))


def _permuted_ccc(
    examples: FeatureTable, features: str, plan: CrossValidationPlan, number: int, *, relative: bool
) -> tuple[F64, float]:
    """CCC of permutation ``number``: in each bootstrap draw (draws,), and over all subjects (0 if undefined)."""
    keep = np.flatnonzero(examples.scored(relative=relative))
    value = examples.ratings.copy()
    value[keep] = np.random.default_rng((plan.seed, number)).permutation(value[keep])
    permuted = replace(examples, value=value)
    tests = fold_masks(permuted, plan.evaluate, plan.seed)
    folds = _folds(permuted, features, tests, plan, relative=relative)
    arrays = run_folds(run_rating_fold, folds, len(tests), plan.folder, plan.engine, report_nothing)
    estimate = np.full((len(value), ESTIMATE_COLUMNS), np.nan)
    for name, test in tests.items():
        estimate[test] = arrays[name][result_key(features, relative=relative)]
    found = RatingPredictions(estimate[keep], value[keep], examples.subject[keep])
    ccc = regression_scores(found).ccc
    return bootstrap_regression(found, plan.evaluate.draws)["ccc"], CHANCE_CCC if ccc is None else ccc


def _folds(
    examples: FeatureTable, features: str, tests: Mapping[str, Mask], plan: CrossValidationPlan, *, relative: bool
) -> Iterator[RatingFold]:
    mixed = plan.evaluate.protocol == "kfold"
    none = np.empty((0, *examples.embedding.shape))
    for name, test in tests.items():
        embedded = examples.with_embedding(plan.embed(None if mixed else name, test)) if plan.embed else examples
        yield RatingFold(name, embedded, none, test, relative, mixed, (features,))

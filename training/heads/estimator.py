"""The linear discriminant of `training.heads.lda` as a scikit-learn estimator."""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from ecg_live.events import F64
from training.heads.lda import LinearDiscriminant, fit_lda


class GroupShrunkLDA(ClassifierMixin, BaseEstimator):
    """Linear discriminant with a covariance that is shrunk by how subjects, not windows, differ.

    All classes count the same, however often each occurs. It has no setting, no iteration and no random number. The
    heads of a bundle are fitted with the same function; theirs are calibrated afterwards, these probabilities are not.

    Attributes
    ----------
    classes_ : ndarray (classes,)
        Labels, sorted.
    n_features_in_ : int
        Features that it was fitted on.
    linear_ : Linear
        Standardisation and weights.

    Examples
    --------
    >>> import numpy as np
    >>> x, y = np.array([[0.0], [1.0], [4.0], [5.0]]), ["rest", "rest", "load", "load"]
    >>> GroupShrunkLDA().fit(x, y, groups=["S1", "S2", "S1", "S2"]).predict([[0.5], [4.5]]).tolist()
    ['rest', 'load']
    """

    classes_: npt.NDArray[np.generic]
    n_features_in_: int
    linear_: LinearDiscriminant

    def fit(self, X: npt.ArrayLike, y: npt.ArrayLike, groups: npt.ArrayLike | None = None) -> Self:  # noqa: N803 - scikit-learn's name
        """Fit on features (n, d), which may be NaN, and labels (n,); ``groups`` (n,) names each window's subject.

        Without groups every window counts as a subject of its own.

        Raises
        ------
        ValueError
            The shapes do not fit each other, values are infinite, or there is one class only.
        """
        x, labels = validate_data(self, X, y, dtype=np.float64, ensure_all_finite="allow-nan")
        check_classification_targets(labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y has {len(self.classes_)} class, expected two or more: give labels of all classes")
        subject = np.arange(len(x)) if groups is None else np.asarray(groups)
        if subject.shape != (len(x),):
            raise ValueError(f"groups has shape {subject.shape}, expected ({len(x)},): name one subject a window")
        self.linear_ = fit_lda(x, codes, subject.astype(np.str_), len(self.classes_))
        return self

    def predict_proba(self, X: npt.ArrayLike) -> F64:  # noqa: N803
        """Probabilities (n, classes) of features (n, d); features that are NaN count as average."""
        return np.asarray(softmax(self._logits(X), axis=1))

    def predict(self, X: npt.ArrayLike) -> npt.NDArray[np.generic]:  # noqa: N803
        """Likeliest label (n,) of features (n, d)."""
        best = self._logits(X).argmax(axis=1)  # first: it raises NotFittedError
        return np.asarray(self.classes_[best])

    def _logits(self, x: npt.ArrayLike) -> F64:
        check_is_fitted(self)
        checked = validate_data(self, x, dtype=np.float64, ensure_all_finite="allow-nan", reset=False)
        return self.linear_.logits(checked)

    def __sklearn_tags__(self) -> object:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

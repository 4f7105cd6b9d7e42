"""What we use of sklearn.base."""

from typing import Any

class BaseEstimator:
    def get_params(self, deep: bool = ...) -> dict[str, Any]: ...
    def __sklearn_tags__(self) -> Any: ...

class ClassifierMixin:
    def __sklearn_tags__(self) -> Any: ...

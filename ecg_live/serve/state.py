"""Store what signal path and predictor know of a wearer, and restore it bit for bit.

The attributes of an object are written as JSON and arrays, without pickle. What a fresh object of the same settings
shares with it, such as the model, is left out: the object that is restored has it already. A state is restored only
into the code and model that made it; any other is refused.
"""

from __future__ import annotations

import hashlib
import json
import struct
import sys
import zlib
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ecg_live.errors import EcgLiveError

STATE_SCHEMA = 1
ALLOWED_PACKAGES = ("ecg_live.signal.", "ecg_live.model.", "ecg_live.wearers.")
ALLOWED_MODULES = ("ecg_live.events", "ecg_live.results")
_LENGTH = struct.Struct("<I")
_PLAIN = (type(None), bool, int, float, str)
_CONTAINERS: Mapping[str, type] = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}
_MARK = "#"  # key of what is not plain JSON


class StateMismatch(EcgLiveError):
    """A stored state was made by other code, or for another model."""

    exit_code = 4


def pack_state(live: object, fresh: object, made_by: str) -> bytes:
    """Store an object's state.

    Parameters
    ----------
    live : object
        The object.
    fresh : object
        A new one, made with the same arguments.
    made_by : str
        Code and model, see `state_maker`.

    Raises
    ------
    TypeError
        It holds something that cannot be stored.
    """
    arrays: list[np.ndarray[Any, Any]] = []
    tree = _Packer(arrays).pack(live, fresh)
    heads = [[array.dtype.str, array.shape] for array in arrays]
    text = json.dumps({"schema": STATE_SCHEMA, "made_by": made_by, "arrays": heads, "tree": tree}).encode()
    body = b"".join((_LENGTH.pack(len(text)), text, *(array.tobytes() for array in arrays)))
    return _LENGTH.pack(zlib.crc32(body)) + body


def restore_state(data: bytes, fresh: object, made_by: str) -> Any:
    """Bring a fresh object into a stored state, and return it (a list or tuple of objects is made again).

    Raises
    ------
    StateMismatch
        The state was made by other code or for another model, or is damaged.
    """
    try:
        head, arrays = _split(data)
        if (head["schema"], head["made_by"]) == (STATE_SCHEMA, made_by):
            return _Restorer(arrays).restore(head["tree"], fresh)
    except (struct.error, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise StateMismatch(f"the stored state is damaged: {type(error).__name__} {error}") from error
    raise StateMismatch(f"the stored state is of {head['made_by']}, this is {made_by}")


def state_maker(fresh: object, model: str, version: str) -> str:
    """Name of the code and model that make a state: version, the attributes of all classes involved, model."""
    names: dict[str, list[str]] = {}
    _note_attributes(fresh, names, set())
    layout = hashlib.sha256(json.dumps(names, sort_keys=True).encode()).hexdigest()[:12]
    return f"ecg-live {version}, layout {layout}, model {model[:12]}"


def _split(data: bytes) -> tuple[dict[str, Any], list[np.ndarray[Any, Any]]]:
    """Head and arrays of a stored state. Raises `ValueError` if it is damaged."""
    body = data[_LENGTH.size :]
    if _LENGTH.unpack_from(data)[0] != zlib.crc32(body):
        raise ValueError(f"{len(data)} bytes do not have their checksum")
    end = _LENGTH.size + _LENGTH.unpack_from(body)[0]
    head = json.loads(body[_LENGTH.size : end])
    return head, list(_arrays(body, end, head["arrays"]))


def _arrays(whole: bytes, at: int, heads: list[list[Any]]) -> Iterator[np.ndarray[Any, Any]]:
    for kind, shape in heads:
        found = np.frombuffer(whole, np.dtype(kind), count=int(np.prod(shape)), offset=at).reshape(shape)
        at += found.nbytes
        yield found.copy()


class _Packer:
    def __init__(self, arrays: list[np.ndarray[Any, Any]]) -> None:
        self._arrays = arrays
        self._seen: dict[int, int] = {}  # number of each object, by its id
        self._kept: list[object] = []  # so that no id is used twice

    def pack(self, live: object, fresh: object = None) -> Any:
        if type(live) in _PLAIN:
            return live
        if _is_tensor(live):
            return {_MARK: "tensor", "array": self._array(live.detach().cpu().numpy())}  # type: ignore[attr-defined]
        if isinstance(live, np.ndarray | np.generic):
            return {
                _MARK: "array" if isinstance(live, np.ndarray) else "scalar",
                "array": self._array(np.asarray(live)),
            }
        if isinstance(live, deque):
            return {_MARK: "deque", "of": [self.pack(each) for each in live], "most": live.maxlen}
        if type(live) in _CONTAINERS.values():
            return {_MARK: type(live).__name__, "of": self._items(live, fresh)}
        if isinstance(live, dict):
            known = fresh if isinstance(fresh, dict) else {}
            return {_MARK: "dict", "of": [[self.pack(k), self._entry(v, known.get(k))] for k, v in live.items()]}
        if isinstance(live, tuple):  # a named one
            return {_MARK: "named", "class": _name_of(type(live)), "of": self._items(tuple(live), None)}
        return self._object(live, fresh)

    def _items(self, live: Any, fresh: object) -> list[Any]:
        alike = isinstance(fresh, list | tuple) and type(fresh) is type(live) and len(fresh) == len(live)
        known = list(fresh) if alike else [None] * len(live)  # type: ignore[call-overload]  # as asked
        return [self._entry(each, other) for each, other in zip(live, known, strict=True)]

    def _entry(self, live: object, fresh: object) -> Any:
        """A part; marked as the same where a fresh object has the very same."""
        if live is fresh and type(live) not in _PLAIN:
            return {_MARK: "same"}
        return self.pack(live, fresh)

    def _array(self, array: np.ndarray[Any, Any]) -> int:
        self._arrays.append(np.ascontiguousarray(array))
        return len(self._arrays) - 1

    def _object(self, live: object, fresh: object) -> Any:
        if id(live) in self._seen:
            return {_MARK: "seen", "number": self._seen[id(live)]}
        kind = type(live)
        name = _name_of(kind)
        self._seen[id(live)] = len(self._seen)
        self._kept.append(live)
        others = _attributes(fresh) if type(fresh) is kind else {}
        fields = {
            name: self._entry(value, others.get(name))
            for name, value in _attributes(live).items()
            if not _is_call(value)
        }
        return {_MARK: "object", "class": name, "fields": fields}


class _Restorer:
    def __init__(self, arrays: list[np.ndarray[Any, Any]]) -> None:
        self._arrays = arrays
        self._made: list[object] = []

    def restore(self, tree: Any, fresh: object = None) -> Any:
        if not isinstance(tree, dict):
            return tree
        match tree[_MARK]:
            case "same":
                return fresh
            case "array":
                return self._arrays[tree["array"]]
            case "scalar":
                return self._arrays[tree["array"]][()]
            case "tensor":
                import torch  # noqa: PLC0415 - only where the model has tensors

                return torch.from_numpy(self._arrays[tree["array"]])
            case "deque":
                return deque((self.restore(each) for each in tree["of"]), tree["most"])
            case "dict":
                known = fresh if isinstance(fresh, dict) else {}
                pairs = [(self.restore(key), value) for key, value in tree["of"]]
                return {key: self.restore(value, known.get(key)) for key, value in pairs}
            case "object":
                return self._object(tree, fresh)
            case "named":
                return tuple.__new__(_class_of(tree["class"]), (self.restore(each) for each in tree["of"]))
            case "seen":
                return self._made[tree["number"]]
        known_items = list(fresh) if isinstance(fresh, list | tuple) else []
        known_items += [None] * (len(tree["of"]) - len(known_items))
        items = [self.restore(each, other) for each, other in zip(tree["of"], known_items, strict=False)]
        return _CONTAINERS[tree[_MARK]](items)

    def _object(self, tree: Any, fresh: object) -> Any:
        kind = _class_of(tree["class"])
        made: Any = fresh if type(fresh) is kind else kind.__new__(kind)
        self._made.append(made)
        others = _attributes(fresh) if type(fresh) is kind else {}
        fields = {field: self.restore(value, others.get(field)) for field, value in tree["fields"].items()}
        if _has_own_state(kind):
            made.__setstate__(fields)
        else:
            for field, value in fields.items():
                object.__setattr__(made, field, value)  # also of frozen ones
        return made


def _name_of(kind: type) -> str:
    if not _is_allowed(kind.__module__):
        raise TypeError(f"{kind.__module__}.{kind.__qualname__} cannot be stored")
    return f"{kind.__module__}:{kind.__qualname__}"


def _class_of(name: str) -> Any:
    module, _, path = name.partition(":")
    if not _is_allowed(module):
        raise ValueError(f"class {name}")
    kind: Any = sys.modules[module]
    for part in path.split("."):
        kind = getattr(kind, part)
    return kind


def _attributes(of: Any) -> dict[str, Any]:
    """Attributes of an object, with or without slots; those that a class names itself, if it does."""
    if _has_own_state(type(of)):
        return dict(of.__getstate__())
    found = dict(getattr(of, "__dict__", {}))
    for kind in type(of).__mro__:
        for name in getattr(kind, "__slots__", ()):
            if hasattr(of, name):
                found[name] = getattr(of, name)
    return found


def _has_own_state(kind: type) -> bool:
    return "__getstate__" in kind.__dict__ and "__setstate__" in kind.__dict__ and "__slots__" not in kind.__dict__


def _note_attributes(of: object, names: dict[str, list[str]], seen: set[int]) -> None:
    kind = type(of)
    for each in of if isinstance(of, list | tuple) else ():
        _note_attributes(each, names, seen)
    if id(of) in seen or not _is_allowed(kind.__module__):
        return
    seen.add(id(of))
    attributes = _attributes(of)
    names[f"{kind.__module__}:{kind.__qualname__}"] = sorted(attributes)
    for value in attributes.values():
        _note_attributes(value, names, seen)


def _is_allowed(module: str) -> bool:
    return module in ALLOWED_MODULES or module.startswith(ALLOWED_PACKAGES)


def _is_tensor(value: object) -> bool:
    return type(value).__module__ == "torch" and type(value).__name__ == "Tensor"


def _is_call(value: object) -> bool:
    """Whether it is a function or method: a fresh object has its own."""
    return callable(value) and type(value).__module__ == "builtins"

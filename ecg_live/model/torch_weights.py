"""Weights between PyTorch's modules, which learn, and the arrays of bundles and files."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ecg_live.model.tensor_file import Array, TensorSpec


def as_arrays(tensors: Mapping[str, Tensor]) -> dict[str, Array]:
    """Copies of tensors by name, wherever they are; none may have a type that NumPy lacks."""
    return {name: value.detach().cpu().numpy().copy() for name, value in tensors.items()}


def module_arrays(module: nn.Module) -> dict[str, Array]:
    """All parameters and buffers of a module."""
    return as_arrays(module.state_dict())


def module_tensors(module: nn.Module) -> dict[str, TensorSpec]:
    """Names, shapes and types of a module's parameters and buffers."""
    return {name: TensorSpec(value.shape, value.dtype) for name, value in module_arrays(module).items()}


def load_arrays(module: nn.Module, arrays: Mapping[str, Array]) -> None:
    """Set all parameters and buffers of a module; names, shapes and types must be its own."""
    module.load_state_dict({name: torch.from_numpy(value.copy()) for name, value in arrays.items()})

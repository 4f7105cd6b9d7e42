"""Reading an ONNX file that somebody else made: what it may hold, and its shapes fixed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # no types in it
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, checker, inliner

from ecg_live.errors import ModelError
from ecg_live.model.tensor_file import PICKLE_MAGIC

MAX_GRAPH_BYTES = 56 * 2**20  # with heads it stays below what a bundle may have; WildECG has 1.3 MB
ZIP_MAGIC = b"PK"
STANDARD_DOMAINS = {"", "ai.onnx"}
RANDOM_OPERATORS = {
    "Bernoulli",
    "Multinomial",
    "RandomNormal",
    "RandomNormalLike",
    "RandomUniform",
    "RandomUniformLike",
}
CONVERT = "export the encoder to ONNX (opset 17), with one window in and one embedding out"


def read_graph(path: Path, samples: int, output: str = "") -> bytes:
    """Bytes of an ONNX graph whose one input has so many samples and whose one output is left; nothing is executed.

    Parameters
    ----------
    path : Path
    samples : int
        Length of its input. Free dimensions are fixed: the last to it where no other has it, the others to 1.
    output : str
        Name of the embedding, where there are several outputs.

    Raises
    ------
    ModelError
        The file is missing, too large, cut, a pickle or another program's; or the graph has operators that are not
        standard or draw random numbers, external data, or another input than float32 windows of that length.
    """
    model = _read(path)
    if model.functions:
        model = inliner.inline_local_functions(model)
    _check(path, model)
    _fix_input(path, model.graph, samples)
    _choose_output(path, model.graph, output)
    del model.graph.value_info[:]  # of free dimensions; the runtime finds them again
    try:
        checker.check_model(model, full_check=True)
    except (checker.ValidationError, onnx.shape_inference.InferenceError, ValueError) as error:
        raise ModelError(f"{path} is no valid ONNX graph: {_line(error)}", CONVERT) from error
    return bytes(model.SerializeToString())


def metadata(path: Path) -> dict[str, str]:
    """The file's metadata entries.

    Raises
    ------
    ModelError
        As `read_graph`, for a file that is none.
    """
    return {each.key: each.value for each in _read(path).metadata_props}


def check_graph(name: str, content: bytes) -> None:
    """Refuse a graph in a bundle that `read_graph` would not have made: anybody can write a bundle.

    Raises
    ------
    ModelError
        It has operators that are not standard or draw random numbers, or external data.
    """
    _check(name, _parse(name, content))


def _read(path: Path) -> ModelProto:
    try:
        if path.exists() and not path.is_file():
            raise ModelError(f"{path} is not a regular file", CONVERT)
        size = path.stat().st_size
        if size > MAX_GRAPH_BYTES:
            most = MAX_GRAPH_BYTES // 2**20
            raise ModelError(f"{path} has {size / 2**20:.0f} MiB; an encoder has at most {most}", "take a smaller one")
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}", "give the path of an ONNX file") from error
    _refuse_pickle(path, content)
    return _parse(path, content)


def _parse(path: Path | str, content: bytes) -> ModelProto:
    try:
        model: ModelProto = ModelProto.FromString(content)
    except DecodeError as error:
        raise ModelError(f"{path} is no complete ONNX file", "it may be cut; copy it again") from error
    if not model.graph.node or not model.opset_import:
        raise ModelError(f"{path} holds no ONNX graph", CONVERT)
    return model


def _check(path: Path | str, model: ModelProto) -> None:
    nodes = list(_nodes(model.graph))
    _check_nodes(path, nodes)
    _check_tensors(path, model.graph, nodes)


def _refuse_pickle(path: Path, content: bytes) -> None:
    if content[:2] == ZIP_MAGIC and path.suffix.lower() == ".pt2":
        raise ModelError(
            f"{path} is a torch.export program; PyTorch unpickles parts of such files, which can run code",
            "convert it where it was made: torch.onnx.export(program, (), 'encoder.onnx')",
        )
    if content[:2] in PICKLE_MAGIC:
        raise ModelError(f"{path} is a pickle; pickles can run code and are never loaded", CONVERT)


def _nodes(graph: GraphProto) -> Iterator[NodeProto]:
    """All nodes, those of branches and loops among them."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
                yield from _nodes(inner)


def _check_nodes(path: Path | str, nodes: list[NodeProto]) -> None:
    foreign = sorted({f"{node.domain}.{node.op_type}" for node in nodes if node.domain not in STANDARD_DOMAINS})
    if foreign:
        raise ModelError(f"{path} has operators that are not ONNX's own: {', '.join(foreign[:3])}", CONVERT)
    random = sorted({node.op_type for node in nodes} & RANDOM_OPERATORS)
    if random:
        raise ModelError(
            f"{path} draws random numbers ({', '.join(random)}), so that no embedding could be repeated",
            "export it in evaluation mode",
        )


def _check_tensors(path: Path | str, graph: GraphProto, nodes: list[NodeProto]) -> None:
    """Refuse weights that lie in other files."""
    tensors = [*graph.initializer, *(each.values for each in graph.sparse_initializer)]
    for node in nodes:
        for attribute in node.attribute:
            tensors += [attribute.t, *attribute.tensors, *attribute.g.initializer]
            tensors += [tensor for inner in attribute.graphs for tensor in inner.initializer]
    outside = [each.name for each in tensors if each.data_location == TensorProto.EXTERNAL or each.external_data]
    if outside:
        raise ModelError(
            f"{path} keeps weights in other files ({outside[0]}); an encoder must be one file",
            "save it whole: onnx.save(onnx.load(FILE), OUT)",
        )


def _fix_input(path: Path, graph: GraphProto, samples: int) -> None:
    weights = {each.name for each in graph.initializer}
    inputs = [each for each in graph.input if each.name not in weights]
    if len(inputs) != 1:
        raise ModelError(f"{path} takes {len(inputs)} inputs ({_names(inputs)}), expected windows alone", CONVERT)
    kind = inputs[0].type.tensor_type
    if kind.elem_type != TensorProto.FLOAT:
        found = TensorProto.DataType.Name(kind.elem_type) if kind.elem_type else "no tensor"
        raise ModelError(f"{path} takes {found.lower()}, expected float32 (float)", CONVERT)
    shape = [dim.dim_value if dim.HasField("dim_value") else 0 for dim in kind.shape.dim]
    fixed = _fixed_shape(shape, samples)
    if fixed is None:
        text = ", ".join(str(each or "free") for each in shape)
        raise ModelError(
            f"{path} takes ({text}); rate and window of the card make {samples} samples of one window and one lead",
            "give the rate (Hz), window (s) and leads that it was trained with",
        )
    for dim, value in zip(kind.shape.dim, fixed, strict=True):
        dim.Clear()
        dim.dim_value = value


def _fixed_shape(shape: list[int], samples: int) -> list[int] | None:
    """A shape (0: free) with one dimension of so many samples and the others 1; None if it cannot be."""
    fixed = list(shape)
    if samples not in shape or samples == 1:
        free = [place for place, value in enumerate(shape) if not value]
        if not free or len(shape) < 2:
            return None
        fixed[free[-1]] = samples
    fixed = [value or 1 for value in fixed]
    return fixed if sorted(fixed) == [*[1] * (len(fixed) - 1), samples] and len(fixed) > 1 else None


def _choose_output(path: Path, graph: GraphProto, output: str) -> None:
    chosen = [each for each in graph.output if not output or each.name == output]
    if len(chosen) != 1:
        raise ModelError(
            f"{path} gives {len(graph.output)} outputs ({_names(graph.output)}), "
            + (f"none is {output!r}" if output else "expected the embedding alone"),
            "name the embedding with --output",
        )
    kept = ValueInfoProto()
    kept.CopyFrom(chosen[0])
    if kept.type.tensor_type.elem_type != TensorProto.FLOAT:
        raise ModelError(f"{path} gives {kept.name} as another type than float32", CONVERT)
    for dim in kept.type.tensor_type.shape.dim:
        dim.Clear()  # a name of a free dimension may be fixed by now
    del graph.output[:]
    graph.output.append(kept)


def _names(values: object) -> str:
    return ", ".join(each.name for each in list(values)[:4])  # type: ignore[call-overload]  # protobuf's containers


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]

"""The engine that runs a bundle's encoder."""

from __future__ import annotations

from functools import lru_cache

from ecg_live.model.bundle import Bundle
from ecg_live.model.engine.protocol import EncoderEngine
from ecg_live.model.imported.card import GRAPH


@lru_cache(maxsize=4)  # bundles; an engine keeps no state, so that all who ask for one may share it
def open_engine(bundle: Bundle) -> EncoderEngine:
    """An engine for a bundle's encoder.

    Raises
    ------
    ModelError
        An imported encoder has what none may have.
    BundleError, ConfigError
        The encoder is a plug-in's, and no installed one builds it.
    """
    if not bundle.card.encoder:
        # Not before: children that a process forks once it has loaded ONNX Runtime abort at their end.
        from ecg_live.model.engine.onnx_engine import OnnxEngine  # noqa: PLC0415 - see above

        return OnnxEngine(bundle.encoder, bundle.card.padding)
    if (imported := bundle.card.imported) is not None:
        from ecg_live.model.imported.engine import ImportedEngine  # noqa: PLC0415 - as above
        from ecg_live.model.imported.graph_file import check_graph  # noqa: PLC0415 - as above

        graph = bundle.encoder[GRAPH].tobytes()
        check_graph(f"the encoder {imported.name}", graph)
        return ImportedEngine(graph, imported)
    from ecg_live.model.encoder_kinds import engine_of, torch_encoder  # noqa: PLC0415 - PyTorch takes seconds to load

    return engine_of(torch_encoder(bundle))

"""The contract of encoders, for ``--encoder-kind``."""

from __future__ import annotations

import pytest

from ecg_live.contracts.embedding import EncoderRecipe, check_batch, check_embeddings, check_rebuilt, check_stream


def test_windows_become_finite_embeddings(encoder_recipe: EncoderRecipe) -> None:
    """Shape, type, finite values, repeatable."""
    check_embeddings(encoder_recipe.build())


def test_a_window_does_not_depend_on_its_batch(encoder_recipe: EncoderRecipe) -> None:
    """A wearer's results do not depend on other wearers."""
    check_batch(encoder_recipe.build())


def test_configuration_and_weights_rebuild_it(encoder_recipe: EncoderRecipe) -> None:
    """A bundle holds no more than these."""
    check_rebuilt(encoder_recipe)


def test_a_stream_gives_the_embeddings_of_windows(encoder_recipe: EncoderRecipe) -> None:
    """Live, a streamed encoder computes each value once."""
    encoder = encoder_recipe.build()
    if not encoder.maps_per_window:
        pytest.skip("the encoder runs window by window")
    check_stream(encoder)

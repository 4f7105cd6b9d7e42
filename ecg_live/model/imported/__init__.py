"""Encoders that other programs trained: an ONNX graph with a card in a bundle's encoder slot."""

"""Data sets that users bring: who wore it, what they did when, over the decoders of ``devices.files``."""

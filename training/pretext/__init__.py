"""Stage one: the encoder learns ECG by recognising signal transformations (self-supervised pretraining)."""

"""What every reader and device keeps to, as a suite that the author of a plug-in runs.

``pytest -p ecg_live.contracts.options --pyargs ecg_live.contracts --reader-file FILE --device-uri SCHEME:TEXT``
"""

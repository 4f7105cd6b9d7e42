"""The contracts of readers, devices and encoders, as a suite that the author of a plug-in runs.

``pytest -p ecg_live.contracts.options --pyargs ecg_live.contracts --reader-file FILE``; or with
``--device-uri SCHEME:TEXT``, or ``--encoder-kind KIND``.
"""

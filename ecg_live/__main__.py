"""``python -m ecg_live`` is ``ecg-live``."""

from ecg_live.cli import main

main()

"""OpenSignals recordings (PLUX, BITalino): text and HDF5."""

"""DREAMER and AMIGOS in MATLAB 5 files."""

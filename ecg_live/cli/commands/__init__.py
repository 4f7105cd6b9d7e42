"""One module a command: its options and help, what it prints, and its exit code.

The module ``ecg_live.cli.commands.NAME`` holds the command ``NAME`` as a function of that name. Its docstring is the
help, with an example. All that is slow to import is imported where it is used, so that ``--help`` is quick.
"""

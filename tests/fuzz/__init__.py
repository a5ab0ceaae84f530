"""Fuzzing of every reader protocol: see `tests.fuzz.__main__`."""

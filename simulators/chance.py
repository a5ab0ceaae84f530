"""Independent streams of chance from one seed: a new use of one stream moves no other."""

import zlib

import numpy as np


def stream(seed: int, name: str) -> np.random.Generator:
    """The generator of this name; equal seeds and names give equal numbers."""
    return np.random.Generator(np.random.PCG64([seed, zlib.crc32(name.encode())]))

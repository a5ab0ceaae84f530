"""Growing columns: numpy buffers that grow by half when full, so that adding a few rows copies only those."""

from typing import Any, Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

_ROWS_FIRST: Final = 1024

T = TypeVar("T", bound=np.generic)


class Growing(Generic[T]):
    """One column. `view()` is a window on the buffer, not a copy: later writes to its rows show in it."""

    __slots__ = ("_buffer", "_n")

    def __init__(self, dtype: type[T], rows: int = _ROWS_FIRST) -> None:
        self._buffer: NDArray[T] = np.empty(rows, dtype)
        self._n = 0

    def extend(self, values: NDArray[Any]) -> None:
        """Add rows at the end."""
        end = self._n + len(values)
        if end > len(self._buffer):
            grown = np.empty(max(end, len(self._buffer) + len(self._buffer) // 2), self._buffer.dtype)
            grown[: self._n] = self._buffer[: self._n]
            self._buffer = grown
        self._buffer[self._n : end] = values
        self._n = end

    def view(self) -> NDArray[T]:
        return self._buffer[: self._n]

    @property
    def nbytes(self) -> int:
        """Bytes held, with the room to grow."""
        return self._buffer.nbytes

    def __len__(self) -> int:
        return self._n

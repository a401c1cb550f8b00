"""A number in a memory-mapped file that tells the processes of one node that something has changed.

Reading it costs no system call, so it is read on every request. The file lies in the data folder, on a local disk.
"""

import fcntl
import mmap
import os
from pathlib import Path

_SIZE = 8


class NodeCounter:
    """How many changes of what they share the processes of this node have committed."""

    __slots__ = ("_descriptor", "_map", "_numbers")

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if os.fstat(self._descriptor).st_size < _SIZE:
            os.ftruncate(self._descriptor, _SIZE)
        self._map = mmap.mmap(self._descriptor, _SIZE)
        self._numbers = memoryview(self._map).cast("Q")

    def read(self) -> int:
        """The number as it stands now."""
        return self._numbers[0]

    def bump(self) -> int:
        """One more, and the number it made; no bump is lost, however many processes do this at once."""
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        try:
            number = self._numbers[0] = self._numbers[0] + 1
            return number
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the file."""
        self._numbers.release()
        self._map.close()
        os.close(self._descriptor)

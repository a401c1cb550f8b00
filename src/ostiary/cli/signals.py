"""Signals before there is a loop to handle them. Imports nothing heavy: it is there from the first moment."""

import signal
from types import FrameType
from typing import NoReturn


def leave_on_signals() -> None:
    """From now on SIGTERM and SIGINT end this process with exit code 0, until somebody handles them otherwise."""
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)

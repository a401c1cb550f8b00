"""Signals before there is a loop to handle them. Imports nothing heavy: it is there from the first moment."""

import os
import signal
from types import FrameType
from typing import NoReturn


def leave_on_signals() -> None:
    """From now on SIGTERM and SIGINT end this process with exit code 0, until somebody handles them otherwise."""
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    """At once: an exception that is raised inside a callback of an import would be dropped, and the process go on."""
    os._exit(0)

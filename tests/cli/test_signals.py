"""A signal before the server has a loop ends the process, wherever it arrives."""

import subprocess
import sys

import pytest

IN_A_CALLBACK = """
import os, signal, weakref
from ostiary.cli.signals import leave_on_signals
leave_on_signals()
class Thing: pass
thing = Thing()
watched = weakref.ref(thing, lambda _: os.kill(os.getpid(), signal.{name}))
del thing  # the interpreter drops what is raised in such a callback, and so it does in those of imports
print("went on")
"""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_inside_a_callback_of_the_interpreter_is_obeyed(name: str) -> None:
    done = subprocess.run([sys.executable, "-c", IN_A_CALLBACK.format(name=name)], capture_output=True, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")

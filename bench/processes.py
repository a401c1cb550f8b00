"""Processes that are pinned to a core, and what their whole tree costs: CPU time and memory, read from /proc."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

_TICK = 1 / os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")
_STOPS_WITHIN = 12.0


class BenchFailed(Exception):
    """The bench cannot go on; the text says why and what to do."""


class Cores:
    """Which core the servers get and which the generator; the same one where there is only one."""

    def __init__(self) -> None:
        allowed = sorted(os.sched_getaffinity(0))
        self.all = frozenset(allowed)
        self.server = frozenset(allowed[:1])
        self.generator = frozenset(allowed[1:2] or allowed[:1])


def free_port() -> int:
    """A TCP port on the loopback address that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextlib.contextmanager
def running(
    command: Sequence[str | Path],
    *,
    cores: frozenset[int],
    log: Path,
    environment: Mapping[str, str] | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
    **options: Any,
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a command as the head of its own group, pinned to `cores`; on leaving, stop it and all it started.

    What it prints goes to `log`.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**_plain_environment(), **(environment or {})},
            start_new_session=True,
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
            **options,
        )
    try:
        yield process
    finally:
        _stop(process, stop_signal)


def wait_until_open(process: subprocess.Popen[bytes], port: int, log: Path, *, within: float) -> None:
    """Wait until the port takes connections.

    Raises BenchFailed with the end of the log when the process ends first or `within` seconds pass.
    """
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise BenchFailed(f"{process.args!r} ended with {process.returncode}:\n{_end_of(log)}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.5):
            return
        time.sleep(0.005)
    raise BenchFailed(f"{process.args!r} did not listen within {within:.0f} s:\n{_end_of(log)}")


def tree(*roots: int) -> list[int]:
    """The processes `roots` and all their descendants that are alive."""
    children: dict[int, list[int]] = {}
    for pid in _all_processes():
        with contextlib.suppress(OSError):
            children.setdefault(int(_stat(pid)[1]), []).append(pid)
    found: list[int] = []
    pending = list(roots)
    while pending:
        pid = pending.pop()
        found.append(pid)
        pending.extend(children.get(pid, ()))
    return found


def cpu_seconds(*roots: int) -> float:
    """CPU time of the trees under `roots` since they began, their ended children included.

    The clock of each living process is exact to the nanosecond; that of ended children to a tick.
    """
    total = 0.0
    for pid in tree(*roots):
        with contextlib.suppress(OSError):
            fields = _stat(pid)
            total += time.clock_gettime(_clock_of(pid)) + (int(fields[13]) + int(fields[14])) * _TICK
    return total


def resident_megabytes(pids: Iterable[int]) -> list[float]:
    """Resident memory of each of these processes, in MB."""
    return [size for pid in pids if (size := _status(pid, "VmRSS")) is not None]


def peak_megabytes(pids: Iterable[int]) -> float:
    """The sum of the highest resident memory of each process since `forget_peaks`, in MB."""
    return sum(size for pid in pids if (size := _status(pid, "VmHWM")) is not None)


def forget_peaks(pids: Iterable[int]) -> None:
    """Let `peak_megabytes` begin anew (proc(5), clear_refs)."""
    for pid in pids:
        (_PROC / str(pid) / "clear_refs").write_text("5")


def _plain_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("OSTIARY_", "PYTHON", "NODE_"))}


def _all_processes() -> Iterator[int]:
    return (int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit())


def _stat(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat from the state on; the name before them may hold blanks."""
    return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def _clock_of(pid: int) -> int:
    """The CPU clock of a process, as clock_getcpuclockid(3) makes it."""
    return (~pid << 3) | 2


def _status(pid: int, name: str) -> float | None:
    try:
        lines = (_PROC / str(pid) / "status").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    return None


def _stop(process: subprocess.Popen[bytes], stop_signal: signal.Signals) -> None:
    if process.poll() is None:
        process.send_signal(stop_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOPS_WITHIN)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # whatever the head of the group left behind
    process.wait()


def _end_of(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:]

"""A PostgreSQL cluster of our own for one run, in its own folder and on its own port, with its defaults: it syncs."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.processes import BenchFailed, free_port, running, wait_until_open

_SYSTEM = Path("/usr/lib/postgresql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A cluster that is up."""

    port: int
    pid: int
    binaries: Path

    def create_database(self, name: str) -> str:
        """Make an empty database and return its address."""
        result = self._tool("createdb", "-U", "bench", name)
        if result.returncode != 0:
            raise BenchFailed(f"createdb failed: {result.stderr}")
        return f"postgresql://bench@127.0.0.1:{self.port}/{name}"

    def wait_until_ready(self) -> None:
        """Wait until it has started: the port takes connections a little before that."""
        for _ in range(300):
            if self._tool("pg_isready", "-q").returncode == 0:
                return
            time.sleep(0.1)
        raise BenchFailed("PostgreSQL does not become ready")

    def _tool(self, name: str, *words: str) -> subprocess.CompletedProcess[str]:
        command: list[str | Path] = [self.binaries / name, "-h", "127.0.0.1", "-p", str(self.port), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def installed() -> Path | None:
    """The folder with initdb and postgres, the newest one; None when PostgreSQL is not on this machine."""
    found = sorted(
        _SYSTEM.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]) if path.parts[-3].isdigit() else 0
    )
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def version() -> str | None:
    """PostgreSQL as the table names it; None when it is not on this machine."""
    binaries = installed()
    if binaries is None:
        return None
    result = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True)
    return f"PostgreSQL {result.stdout.split()[2]}"


@contextlib.contextmanager
def cluster(folder: Path, cores: frozenset[int]) -> Iterator[Cluster]:
    """Make a cluster, start it, and stop it on leaving.

    Raises BenchFailed when PostgreSQL is not installed.
    """
    binaries = installed()
    if binaries is None:
        raise BenchFailed("PostgreSQL is not here (Debian: apt-get install postgresql)")
    folder.mkdir(parents=True)
    data, log, owner = folder / "data", folder / "postgres.log", _owner(folder)
    options = ["--auth=trust", "--username=bench", "--encoding=UTF8", "--locale=C.UTF-8"]
    result = subprocess.run(
        [binaries / "initdb", "-D", data, *options], capture_output=True, text=True, check=False, timeout=120, **owner
    )
    if result.returncode != 0:
        raise BenchFailed(f"initdb failed:\n{result.stderr[-2000:]}")
    port = free_port()
    command: list[str | Path] = [binaries / "postgres", "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", folder]
    with running(command, cores=cores, log=log, stop_signal=signal.SIGINT, **owner) as process:
        wait_until_open(process, port, log, within=30)
        started = Cluster(port=port, pid=process.pid, binaries=binaries)
        started.wait_until_ready()
        yield started


def _owner(folder: Path) -> dict[str, Any]:
    """PostgreSQL refuses to run as root: its files and processes then belong to the system's account for it."""
    if os.geteuid() != 0:
        return {}
    account = pwd.getpwnam("postgres")
    for path in (folder, *folder.parents):  # the way to the folder must be open to that account
        if path.stat().st_uid == 0 and not path.stat().st_mode & 0o001:
            path.chmod(path.stat().st_mode | 0o011)
    os.chown(folder, account.pw_uid, account.pw_gid)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": [], "cwd": folder}

"""Running `ostiary` commands as a person does."""

import os
import subprocess
import sys
from pathlib import Path


def ostiary(data: Path, *arguments: str, given: bytes = b"", **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a command on a data folder; what it said must be no traceback."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OSTIARY_")}
    done = subprocess.run(
        [sys.executable, "-m", "ostiary.cli.main", *arguments],
        env={**clean, "OSTIARY_DATA": str(data), **environment},
        input=given,
        capture_output=True,
        timeout=60,
        check=False,
    )
    said = subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(), done.stderr.decode(errors="replace")
    )
    assert "Traceback" not in said.stderr, said.stderr
    assert "Traceback" not in said.stdout, said.stdout
    return said

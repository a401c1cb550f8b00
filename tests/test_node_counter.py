"""The number that tells the processes of a node that something changed."""

import subprocess
import sys
from pathlib import Path

from ostiary.node_counter import NodeCounter

BUMP = (
    "import sys; from pathlib import Path; from ostiary.node_counter import NodeCounter\n"
    "c = NodeCounter(Path(sys.argv[1]))\n"
    "for _ in range(500): c.bump()"
)


def test_a_bump_is_seen_through_every_mapping_of_the_file(tmp_path: Path) -> None:
    here, there = NodeCounter(tmp_path / "generation"), NodeCounter(tmp_path / "generation")
    before = there.read()
    here.bump()
    assert there.read() == before + 1


def test_no_bump_of_several_processes_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "generation"
    running = [subprocess.Popen([sys.executable, "-c", BUMP, str(path)]) for _ in range(3)]
    assert [process.wait(30) for process in running] == [0, 0, 0]
    assert NodeCounter(path).read() == 1500

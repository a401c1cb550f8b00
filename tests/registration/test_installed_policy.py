"""A registration policy that an installed package brings."""

import os
import subprocess
import sys
from pathlib import Path

PACKAGE = """
from dataclasses import replace
from ostiary.declare import Problem, section, setting
from ostiary.declare.kinds import Text
from ostiary.server_settings.descriptors import Descriptor, Family

@section("Names")
class NamesConfiguration:
    prefix: str = setting(kind=Text(), default="", label="Prefix", help="What names begin with.", admin="Prefix")

async def judge(configuration, candidate, server):
    name = candidate.draft.value.identity.name
    if "bad" in name:
        return candidate.with_problem(Problem("identity.name", "is not nice"))
    return candidate.with_values({"identity.name": configuration.prefix + name})

NAMES = Descriptor(
    family=Family.REGISTRATION_POLICY, id="names", name="Names", configuration=NamesConfiguration, behaviour=judge
)
"""
SCRIPT = """
import asyncio
from a_policy_for_tests import NamesConfiguration
from tests.registration.desk import desk_with

async def main():
    desk = desk_with(names=NamesConfiguration(prefix="Our "))
    body = await desk.registered(client_name="client")
    answer = await desk.register(client_name="a bad one")
    print(body["client_name"], answer.status, answer.body["error_description"], sep="|")

asyncio.run(main())
"""


def test_it_judges_and_changes_registrations_as_the_built_in_ones_do(tmp_path: Path) -> None:
    (tmp_path / "a_policy_for_tests.py").write_text(PACKAGE)
    info = tmp_path / "a_policy_for_tests-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: a-policy-for-tests\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[ostiary.plugins]\nnames = a_policy_for_tests:NAMES\n")
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(root)])},
        capture_output=True,
        text=True,
        check=False,
        cwd=root,
    )
    assert done.stdout.strip() == "Our client|400|client_name: is not nice", done.stderr

"""Bodies that real tools and the sources' own samples send."""

import json
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).parent.parent / "examples"


def golden(name: str) -> Any:
    """A body of `tests/examples`."""
    return json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))

"""Writes the pages that are read from the program: settings, environment, specifications. `make docs` runs it.

python docs/generate.py [FOLDER]      FOLDER: where the manual lies (default: the folder of this file)
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from making import specifications  # noqa: E402 - this folder is no package of its own
from making.reads import CLIENT, SERVER, Family, reads_in  # noqa: E402
from making.settings_pages import Book, pages  # noqa: E402

from ostiary.clients.client import CLIENT_SETTINGS  # noqa: E402
from ostiary.config import OPTIONS  # noqa: E402
from ostiary.declare import describe  # noqa: E402
from ostiary.server_settings import DECLARATION as SERVER_SETTINGS  # noqa: E402

PROJECT = HERE.parent
SOURCE = PROJECT / "src" / "ostiary"

OF_CLIENTS = """Every setting of a client, with its name in each interface. The interfaces are four dialects of one
declaration: what is saved through one is seen through all. `ostiary settings --json` prints the same for programs."""

OF_THE_SERVER = """What holds for all clients. `ostiary server show` prints these settings, and
`ostiary server apply FILE` changes them: [](../server-settings.md)."""


def main(folder: Path) -> None:
    """Write all of them below `folder`."""
    families = (
        Family(CLIENT, CLIENT_SETTINGS.sections, "Client"),
        Family(SERVER, SERVER_SETTINGS.sections, "ServerSettings"),
    )
    reads = reads_in(SOURCE, families)
    books = (
        Book(CLIENT, "Client settings", OF_CLIENTS, describe(CLIENT_SETTINGS)),
        Book(SERVER, "Server settings", OF_THE_SERVER, describe(SERVER_SETTINGS)),
    )
    for book in books:
        for name, text in pages(book, lambda path, family=book.name: reads.by(family, path)).items():
            write(folder / "manual" / "settings" / name, text)
    write(folder / "manual" / "environment.md", environment())
    write(folder / "specifications.md", specifications.page(specifications.kept_in(SOURCE), PROJECT / "tests"))


def environment() -> str:
    """Every variable that `serve` reads, as a table."""
    lines = ["| Variable | In `ostiary.toml` | Default | Meaning |", "| --- | --- | --- | --- |"]
    for option in OPTIONS:
        default = f"`{option.default}`" if option.default else "–"
        key = f"`{option.toml_key}`" if option.toml_key else "–"
        lines.append(f"| `{option.name}` | {key} | {default} | {option.help.replace('|', chr(92) + '|')} |")
    return "\n".join([*lines, ""])


def write(file: Path, text: str) -> None:
    """Write a page, unless it says the same already (so that nothing is built twice)."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)

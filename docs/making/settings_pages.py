"""The pages of the settings: one for each section of a client's settings and of the server's."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

DIALECTS = {
    "admin": "Administrative API",
    "legacy": "Client management service",
    "registration": "Registration",
    "portal": "Portal",
}


@dataclass(frozen=True)
class Book:
    """The settings of a client, or of the server."""

    name: str
    title: str
    opening: str
    rows: list[dict[str, Any]]
    """As `ostiary.declare.describe` gives them."""


def pages(book: Book, readers: Callable[[str], list[str]]) -> dict[str, str]:
    """File name → page. `readers` tells for a setting which modules read it."""
    sections: dict[str, list[dict[str, Any]]] = {}
    for row in book.rows:
        sections.setdefault(row["name"].partition(".")[0], []).append({**row, "book": book.name})
    made = {f"{book.name}-{section}.md": _section(section, rows, readers) for section, rows in sections.items()}
    made[f"{book.name}.md"] = _contents(book, sections, readers)
    return made


def _contents(book: Book, sections: dict[str, list[dict[str, Any]]], readers: Callable[[str], list[str]]) -> str:
    enforced = sum(bool(readers(row["name"])) for row in book.rows)
    lines = [
        f"# {book.title}",
        "",
        book.opening,
        "",
        f"{enforced} of {len(book.rows)} settings have an effect in this version. The others are stored, checked and",
        "shown, and begin to act with a later one; their pages say which.",
        "",
        "```{toctree}",
        ":maxdepth: 1",
        "",
        *[f"{book.name}-{section}" for section in sections],
        "```",
        "",
    ]
    for section, rows in sections.items():
        lines += [f"## {rows[0]['section']}", "", "| Setting | Label | In this version |", "| --- | --- | --- |"]
        for row in rows:
            link = f"[`{row['name']}`]({book.name}-{section}.md#{_anchor(row)})"
            lines.append(f"| {link} | {_cell(row['label'])} | {_effect(readers(row['name']))} |")
        lines.append("")
    return "\n".join(lines)


def _section(section: str, rows: list[dict[str, Any]], readers: Callable[[str], list[str]]) -> str:
    first = rows[0]
    lines = [f"# {first['section']} (`{section}`)", ""]
    if first["sectionShownWhen"]:
        lines += [f"Counts {in_words(first['sectionShownWhen'])}.", ""]
    for row in rows:
        lines += _setting(row, readers(row["name"]))
    return "\n".join(lines)


def _setting(row: dict[str, Any], modules: list[str]) -> Iterable[str]:
    yield from (f"({_anchor(row)})=", f"## {row['label']}", "", row["help"], "")
    yield from ("| | |", "| --- | --- |", f"| Name | `{row['name']}` |")
    yield f"| Value | {_cell(value_in_words(row))} |"
    yield f"| Default | {_code(row['default'])} |"
    for dialect, title in DIALECTS.items():
        if dialect in row["keys"]:
            yield f"| {title} | {_cell(_names(row['keys'][dialect]))} |"
    if row["shownWhen"]:
        yield f"| Counts | {_cell(in_words(row['shownWhen']))} |"
    if row["source"]:
        yield f"| Source | {_cell(row['source'])} |"
    if row["id"]:
        yield f"| Row of the reference | {row['id']} |"
    where = ", ".join(f"`{module}`" for module in modules)
    effect = f"has an effect: {where}" if modules else "stored, checked and shown; no effect yet"
    yield f"| In this version | {effect} |"
    yield ""


def in_words(condition: dict[str, Any]) -> str:
    """A condition as a sentence's end."""
    if "allOf" in condition or "anyOf" in condition:
        word = " and " if "allOf" in condition else " or "
        return word.join(in_words(part) for part in condition.get("allOf") or condition["anyOf"])
    name = f"`{condition['setting']}`" if "setting" in condition else f"the server's `{condition['serverSetting']}`"
    if "contains" in condition:
        return f"while {name} contains {_choice(condition['contains'])}"
    if "isNot" in condition:
        return f"while {name} is not {_choice(condition['isNot'])}"
    if "isSet" in condition:
        return f"while {name} is set"
    return f"while {name} is {_choice(condition['is'])}"


def value_in_words(row: dict[str, Any]) -> str:
    """What a setting can hold."""
    kind = row["type"]
    if "enum" in row:
        return "one of " + ", ".join(_word(word) for word in row["enum"])
    if kind == "boolean":
        return "yes or no"
    if kind == "integer":
        return f"a whole number{_range(row)}"
    if kind == "array":
        return f"a list; each {value_in_words({'type': 'string', **row.get('items', {})})}"
    if kind == "override":
        return f"as the server says, or {value_in_words(row['value'])}"
    if kind == "lifetime":
        return "as the server says, for ever, or an amount with its unit"
    if kind in {"limit", "duration"}:
        return "an amount with its unit"
    if kind == "object":
        return "an object of " + ", ".join(f"`{name}`" for name in row.get("properties", {}))
    return f"text{_format(row)}"


def _word(word: Any) -> str:
    if not isinstance(word, dict):
        return f"`{word}`"
    return f"`{word['value']}`" + (f" ({word['label']})" if word.get("label") not in {None, word["value"]} else "")


def _range(row: dict[str, Any]) -> str:
    least, most, unit = row.get("minimum"), row.get("maximum"), row.get("unit", "")
    told = f" of {unit}" if unit else ""
    if least is not None and most is not None:
        return f"{told} from {least:,} to {most:,}"
    return f"{told}, at least {least:,}" if least is not None else told


def _format(row: dict[str, Any]) -> str:
    if row.get("format") == "uri":
        schemes = [scheme for scheme in row.get("schemes", ()) if scheme]
        return f": a URL ({' or '.join(schemes)})" if schemes else ": a URL"
    return f" of at most {row['maxLength']:,} characters" if row.get("maxLength") else ""


def _names(key: dict[str, Any]) -> str:
    said = ", ".join(f"`{name}`" for name in key["names"])
    if key.get("aliases"):
        said += "; also read: " + ", ".join(f"`{alias}`" for alias in key["aliases"])
    required = key.get("required")
    if required:
        said += "; required" if required is True else f"; required {in_words(required)}"
    if key.get("onlyWhen"):
        said += f"; ignored unless {in_words(key['onlyWhen']).removeprefix('while ')}"
    if key.get("readOnly"):
        said += "; only in answers"
    if key.get("own"):
        said += "; a name of our own"
    return said


def _choice(values: Any) -> str:
    if isinstance(values, list):
        return " or ".join(_code(value) for value in values)
    return _code(values)


def _code(value: Any) -> str:
    if value in (None, "", [], ()):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_code(item) for item in value if item is not None)
    return _cell(f"`{value}`")


def _effect(modules: list[str]) -> str:
    return "has an effect" if modules else "no effect yet"


def _anchor(row: dict[str, Any]) -> str:
    return f"{row['book']}-setting-" + row["name"].replace(".", "-").replace("_", "-")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")

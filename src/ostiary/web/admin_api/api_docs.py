"""The description for people and for tools: a page without script, and OpenAPI 3.1. The same in every installation."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any

import msgspec

from ostiary.pages.render import ASSETS
from ostiary.server import Server
from ostiary.web.admin_api.description import described
from ostiary.web.admin_api.operations import BASE
from ostiary.web.admin_api.surface import OPERATIONS
from ostiary.web.app import Routes
from ostiary.web.call import Call, Reply

PAGE = "/pf-admin-api/api-docs/"
STYLE = Path(__file__).parent / "assets" / "api-docs.css"
ICON = ASSETS / "ostiary.svg"
CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Threat T-46: nothing inline, nothing from elsewhere, no script at all."""
PROTECTED = (
    (b"content-security-policy", CONTENT_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
)
FOR_A_WHILE = ((b"cache-control", b"public, max-age=300"), *PROTECTED)
FOR_EVER = ((b"cache-control", b"public, max-age=31536000, immutable"), *PROTECTED)
_METHODS = ("get", "post", "put", "delete")


async def openapi(_call: Call, _server: Server) -> Reply:
    """GET /pf-admin-api/v1/openapi.json, and swagger.json where older tools look."""
    return Reply(200, _document(), b"application/json", FOR_A_WHILE)


async def page(_call: Call, _server: Server) -> Reply:
    """GET /pf-admin-api/api-docs/"""
    return Reply.html(_page(), headers=FOR_A_WHILE)


async def beside(_call: Call, _server: Server) -> Reply:
    """GET /pf-admin-api/api-docs"""
    return Reply.see_other(PAGE)


async def style(_call: Call, _server: Server) -> Reply:
    """GET /pf-admin-api/api-docs/api-docs.DIGEST.css"""
    return Reply(200, STYLE.read_bytes(), b"text/css; charset=utf-8", FOR_EVER)


async def icon(_call: Call, _server: Server) -> Reply:
    """GET /pf-admin-api/api-docs/ostiary.DIGEST.svg"""
    return Reply(200, ICON.read_bytes(), b"image/svg+xml", FOR_EVER)


def routes() -> Routes:
    """The routes. They need no credentials, for they say nothing about this installation."""
    return {
        f"{BASE}/openapi.json": {"GET": openapi},
        f"{BASE}/swagger.json": {"GET": openapi},
        PAGE: {"GET": page},
        PAGE.rstrip("/"): {"GET": beside},
        PAGE + _named(STYLE): {"GET": style},
        PAGE + _named(ICON): {"GET": icon},
    }


@cache
def _named(file: Path) -> str:
    """The name under which a file is served: with its digest, so that it may be kept for ever."""
    return f"{file.stem}.{sha256(file.read_bytes()).hexdigest()[:12]}{file.suffix}"


@cache
def _document() -> bytes:
    return msgspec.json.encode(described(OPERATIONS))


@cache
def _page() -> str:
    document = described(OPERATIONS)
    return "".join(_lines(document))


def _lines(document: Mapping[str, Any]) -> Iterator[str]:
    tags = _by_tag(document["paths"])
    title = escape(document["info"]["title"])
    yield (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{title}</title><link rel="icon" href="{_named(ICON)}">'
        f'<link rel="stylesheet" href="{_named(STYLE)}"></head><body>'
        f"<header><h1>{title}</h1><p>{escape(document['info']['description'])}</p>"
        f"<p>Addresses begin with <code>{BASE}</code>. Calls carry an administrator's name and password by HTTP Basic;"
        f" answers carry an <code>ETag</code>, and <code>If-Match</code> is obeyed."
        f' For tools: <a href="{BASE}/openapi.json">openapi.json</a> (OpenAPI {document["openapi"]}).</p></header>\n'
    )
    yield '<div class="columns"><nav aria-label="Resources"><ul>'
    for tag in tags:
        yield f'<li><a href="#{_anchor(tag)}">{escape(tag)}</a></li>'
    yield '<li><a href="#shapes">Shapes</a></li></ul></nav>\n<main>'
    for tag, operations in tags.items():
        yield f'<section id="{_anchor(tag)}"><h2>{escape(tag)}</h2>\n'
        for path, method, operation in operations:
            yield from _operation(path, method, operation)
        yield "</section>\n"
    yield '<section id="shapes"><h2>Shapes</h2>\n'
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield from _shape(name, schema)
    yield "</section></main></div></body></html>\n"


def _by_tag(paths: Mapping[str, Any]) -> dict[str, list[tuple[str, str, Any]]]:
    found: dict[str, list[tuple[str, str, Any]]] = {}
    for path, methods in paths.items():
        for method in _METHODS:
            if method in methods:
                found.setdefault(methods[method]["tags"][0], []).append((path, method, methods[method]))
    return dict(sorted(found.items()))


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> Iterator[str]:
    name = escape(operation["operationId"])
    yield (
        f'<details id="{name}"><summary><span class="method {method}">{method.upper()}</span>'
        f' <code>{escape(path)}</code> <span class="about">{escape(operation["summary"])}</span></summary>'
    )
    body = operation.get("requestBody")
    if body:
        yield f"<p>Takes {_link(body['content']['application/json']['schema'])}.</p>"
    parameters = operation["parameters"]
    if parameters:
        yield "<table><caption>Parameters</caption><tr><th>Name</th><th>In</th><th>Type</th><th>About</th></tr>"
        for one in parameters:
            needed = " (required)" if one.get("required") else ""
            yield _row(f"<code>{escape(one['name'])}</code>{needed}", one["in"], _type(one["schema"]),
                       escape(one.get("description", "")))  # fmt: skip
        yield "</table>"
    yield "<table><caption>Answers</caption><tr><th>Status</th><th>About</th><th>Body</th></tr>"
    for status, answer in operation["responses"].items():
        content = answer.get("content", {}).get("application/json")
        yield _row(status, escape(answer["description"]), _link(content["schema"]) if content else "–")
    yield "</table></details>\n"


def _shape(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    # Browsers open what holds the target of a link, so the target lies inside.
    yield f'<details><summary><code>{escape(name)}</code></summary><div id="shape-{escape(name)}">'
    if schema.get("type") != "object":
        yield f"<p>{_type(schema)}</p></div></details>\n"
        return
    yield "<table><caption>Members</caption><tr><th>Name</th><th>Type</th><th>Default</th><th>About</th></tr>"
    for path, member, needed in _members(schema, ""):
        default = escape(msgspec.json.encode(member["default"]).decode()) if "default" in member else ""
        notes = [*(["required"] if needed else []), *(["read only"] if member.get("readOnly") else [])]
        told = f" ({', '.join(notes)})" if notes else ""
        yield _row(f"<code>{escape(path)}</code>{told}", _type(member), f"<code>{default}</code>" if default else "",
                   escape(member.get("description", "")))  # fmt: skip
    yield "</table></div></details>\n"


def _members(schema: Mapping[str, Any], before: str) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    """Every member with its path; those of objects in objects too."""
    needed = schema.get("required", ())
    for name, member in schema.get("properties", {}).items():
        path = f"{before}{name}"
        inner = member.get("items", {}) if member.get("type") == "array" else member
        if not (inner is member and "description" not in member and inner.get("properties")):
            yield path, member, name in needed
        if inner.get("properties") and set(inner["properties"]) != {"id", "location"}:
            yield from _members(inner, f"{path}[]." if inner is not member else f"{path}.")


def _row(*cells: str) -> str:
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _link(schema: Mapping[str, Any]) -> str:
    name = schema.get("$ref", "").rpartition("/")[2]
    return f'<a href="#shape-{escape(name)}"><code>{escape(name)}</code></a>' if name else _type(schema)


def _type(schema: Mapping[str, Any]) -> str:
    """A type in a few words."""
    if "$ref" in schema:
        return _link(schema)
    if "enum" in schema:
        return " · ".join(f"<code>{escape(str(word))}</code>" for word in schema["enum"])
    kind = schema.get("type", "anything")
    if kind == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if kind == "object" and set(schema.get("properties", ())) == {"id", "location"}:
        return 'reference <code>{"id": …}</code>'
    return escape(", ".join([str(kind), *_limits(schema)]))


def _limits(schema: Mapping[str, Any]) -> Iterable[str]:
    words = (("minimum", "from"), ("maximum", "to"), ("maxLength", "at most"))
    yield from (f"{word} {schema[name]}" for name, word in words if name in schema)


def _anchor(tag: str) -> str:
    return "resource-" + escape(tag.replace("/", "-"))

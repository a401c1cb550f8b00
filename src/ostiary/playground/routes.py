"""The playground's page, its files and the demo clients it may play. Served only with ``--demo``, so on loopback."""

from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import urlsplit

from ostiary.pages.render import ASSETS as PAGES_ASSETS
from ostiary.playground.demo import CLIENTS, secret_of
from ostiary.server import Server
from ostiary.web.app import Routes, not_found
from ostiary.web.call import NO_STORE, Call, Reply

HERE = Path(__file__).parent / "assets"
_TYPES = {".css": b"text/css; charset=utf-8", ".js": b"text/javascript; charset=utf-8", ".svg": b"image/svg+xml"}

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
"""Threat T-46. Nothing inline, nothing from elsewhere; and no text becomes markup, not even by mistake."""

PROTECTED = (
    (b"content-security-policy", CONTENT_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
FOR_EVER = ((b"cache-control", b"public, max-age=31536000, immutable"), (b"x-content-type-options", b"nosniff"))


async def page(_call: Call, server: Server) -> Reply:
    """GET /playground, and GET /playground/callback, the redirect URI of the demo clients."""
    return Reply.html(_page(server.issuer), headers=(*PROTECTED, *NO_STORE))


async def historic(_call: Call, server: Server) -> Reply:
    """GET /OAuthPlayground/: where older guides send people."""
    return Reply.see_other(f"{server.issuer}/playground")


async def clients(call: Call, server: Server) -> Reply:
    """GET /playground/clients.json: the demo clients with their secrets, so that the page can play them.

    The secrets open nothing but this demo. Still, a page of another site that was made to resolve to this address
    (DNS rebinding) is not told.
    """
    if call.header(b"host") != urlsplit(server.issuer).netloc:
        return Reply.json({"error": "invalid_request", "error_description": "this host is not the issuer"}, 421)
    played = [
        {
            "id": client.client_id,
            "kind": client.kind,
            "description": client.summary,
            "scope": client.scope,
            "pkce": client.pkce,
            "secret": secret_of(client, server.vault).reveal() if client.has_secret else "",
        }
        for client in CLIENTS
    ]
    return Reply.json({"clients": played}, headers=(*PROTECTED, *NO_STORE))


async def asset(call: Call, _server: Server) -> Reply:
    """GET /playground/DIGEST/NAME. The digest is of all files, so they may be kept for ever."""
    folder, _, name = call.rest.partition("/")
    content = _assets().get(name)
    if folder != _digest() or content is None:
        return not_found()
    return Reply(200, content, _TYPES[Path(name).suffix], FOR_EVER)


@cache
def _assets() -> dict[str, bytes]:
    files = [*HERE.iterdir(), PAGES_ASSETS / "ostiary.css", PAGES_ASSETS / "ostiary.svg"]
    return {file.name: file.read_bytes() for file in sorted(files) if file.suffix in _TYPES}


@cache
def _digest() -> str:
    whole = sha256()
    for name, content in _assets().items():
        whole.update(name.encode() + b"\0" + sha256(content).digest())
    return whole.hexdigest()[:16]


@cache
def _page(issuer: str) -> str:
    base = urlsplit(issuer).path
    text = Template((HERE / "page.html").read_text(encoding="utf-8"))
    return text.substitute(issuer=escape(issuer), assets=escape(f"{base}/playground/{_digest()}"))


ROUTES: Routes = {
    "/playground": {"GET": page},
    "/playground/callback": {"GET": page},
    "/playground/clients.json": {"GET": clients},
    "/playground/*": {"GET": asset},
    "/OAuthPlayground": {"GET": historic},
    "/OAuthPlayground/": {"GET": historic},
}

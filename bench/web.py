"""A small browser for what is done once: set-up calls, and the walk through sign-on."""

import http.client
import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from bench.plan import FORM
from bench.processes import BenchFailed

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_STEPS_AT_MOST = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)

    def demand(self, *statuses: int) -> "Answer":
        """Return itself; raises BenchFailed unless the status is one of these."""
        if self.status not in statuses:
            raise BenchFailed(f"answered with {self.status}: {self.body[:1000]!r}")
        return self


def ask(
    method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None, timeout: float = 60
) -> Answer:
    """One request on a connection of its own; redirects are not followed."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, body=body, headers=dict(headers or {}))
        response = connection.getresponse()
        return Answer(status=response.status, headers=response.headers, body=response.read())
    finally:
        connection.close()


def ask_form(url: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Answer:
    """POST a form."""
    return ask("POST", url, headers={"Content-Type": FORM, **(headers or {})}, body=urlencode(form).encode())


def basic(user: str, password: str) -> dict[str, str]:
    """The header of HTTP Basic; both words must need no encoding."""
    return {"Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}


class Browser:
    """Keeps cookies, follows redirects and fills in the sign-on form."""

    def __init__(self, username: str, password: str) -> None:
        self._username = username
        self._password = password
        self.cookies: dict[str, str] = {}

    @property
    def cookie_header(self) -> str:
        """The cookies as a browser sends them."""
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def walk(self, url: str, until: str) -> str:
        """Go from `url` to the first redirect that begins with `until`, and return its address.

        Raises BenchFailed when the walk ends on a page without a form, or does not end.
        """
        answer, here = self._go("GET", url), url
        for _ in range(_STEPS_AT_MOST):
            if answer.status in _REDIRECTS:
                here = urljoin(here, str(answer.headers["Location"]))
                if here.startswith(until):
                    return here
                answer = self._go("GET", here)
                continue
            form = _Form.find(answer.demand(200).body.decode())
            here = urljoin(here, form.action)
            answer = self._go("POST", here, form.filled(self._username, self._password))
        raise BenchFailed(f"sign-on did not come to an end; the last page was {here}")

    def _go(self, method: str, url: str, form: Mapping[str, str] | None = None) -> Answer:
        parts = urlsplit(url)
        headers = {"Accept": "text/html", "Cookie": self.cookie_header}
        if form is None:
            answer = ask(method, url, headers=headers)
        else:
            answer = ask_form(url, form, {**headers, "Origin": f"{parts.scheme}://{parts.netloc}"})
        self._keep(answer.headers.get_all("Set-Cookie") or [])
        return answer

    def _keep(self, set_cookies: list[str]) -> None:
        for line in set_cookies:
            pair, _, attributes = line.partition(";")
            name, _, value = pair.strip().partition("=")
            over = "max-age=0" in attributes.lower() or "1970" in attributes
            if over or not value:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value


class _Form(HTMLParser):
    """The first form of a page that asks for a password."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self._fields: dict[str, str] = {}
        self._user_field = ""
        self._password_field = ""
        self._submit: tuple[str, str] | None = None
        self._closed = False

    @classmethod
    def find(cls, page: str) -> "_Form":
        form = cls()
        form.feed(page)
        if not form._password_field:
            raise BenchFailed(f"this page has no sign-on form:\n{page[:2000]}")
        return form

    def filled(self, username: str, password: str) -> dict[str, str]:
        """What a browser would send."""
        fields = {**self._fields, self._user_field: username, self._password_field: password}
        if self._submit is not None:
            fields.setdefault(*self._submit)
        return fields

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._closed:
            return
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and not self._password_field:
            self.action, self._fields, self._submit = given.get("action", ""), {}, None
        elif tag in {"input", "button"} and given.get("name"):
            self._take(tag, given)

    def handle_endtag(self, tag: str) -> None:
        self._closed = self._closed or (tag == "form" and bool(self._password_field))

    def _take(self, tag: str, given: Mapping[str, str]) -> None:
        name, value = given["name"], given.get("value", "")
        kind = given.get("type", "submit" if tag == "button" else "text")
        if kind == "hidden":
            self._fields[name] = value
        elif kind == "password":
            self._password_field = name
        elif kind in {"text", "email"}:
            self._user_field = name
        elif kind == "submit" and self._submit is None and "cancel" not in (name + value).lower():
            self._submit = (name, value)

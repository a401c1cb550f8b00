"""A person with a browser that knows forms and cookies and runs no script."""

import re
from dataclasses import dataclass
from html import unescape
from urllib.parse import urljoin

import httpx

FIELD = re.compile(r"<(?:input|button)\b([^>]*)>")
ATTRIBUTE = re.compile(r'([a-z-]+)(?:="([^"]*)")?')
FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Form:
    """A form of a page."""

    action: str
    fields: dict[str, list[str]]


class Person:
    """Signs on and answers questions, and stops where a browser would leave for the application."""

    def __init__(self, username: str = "joe", password: str = "Password1", **headers: str) -> None:
        self.username, self.password = username, password
        self.http = httpx.Client(headers=headers, timeout=20)

    def go(self, url: str) -> httpx.Response:
        """Open an address."""
        return self.http.get(url)

    def sign_on(self, page: httpx.Response) -> httpx.Response:
        """Fill in the sign-on page and send it."""
        form = form_of(page)
        filled = {**form.fields, "username": [self.username], "password": [self.password]}
        return self.send(page, form, filled, "sign-on")

    def allow(self, page: httpx.Response, *, without: str = "") -> httpx.Response:
        """Allow everything on the consent page, but for the scope named."""
        form = form_of(page)
        filled = {name: [v for v in values if v != without] for name, values in form.fields.items()}
        return self.send(page, form, filled, "allow")

    def send(self, page: httpx.Response, form: Form, filled: dict[str, list[str]], button: str) -> httpx.Response:
        """Press a button of the form."""
        data = {name: values for name, values in filled.items() if values and name != "action"}
        data["action"] = [button]
        return self.http.post(urljoin(str(page.url), form.action), data=data)

    def authorize(self, url: str) -> httpx.URL:
        """From the authorization request to where the browser is sent at the end."""
        answer = self.go(url)
        if answer.status_code == 200 and 'name="password"' in answer.text:
            answer = self.sign_on(answer)
        if answer.status_code == 200:
            answer = self.allow(answer)
        assert answer.status_code in {302, 303}, answer.text
        return httpx.URL(answer.headers["location"])


def form_of(page: httpx.Response) -> Form:
    """The first form of a page, with the values it would send."""
    found = FORM.search(page.text)
    assert found is not None, page.text
    action = dict(ATTRIBUTE.findall(found[1])).get("action", "")
    fields: dict[str, list[str]] = {}
    for tag in FIELD.findall(found[2]):
        attributes = {name: unescape(value) for name, value in ATTRIBUTE.findall(tag)}
        kind = attributes.get("type", "text")
        if "name" not in attributes or (kind == "checkbox" and "checked" not in attributes):
            continue
        fields.setdefault(attributes["name"], []).append(attributes.get("value", ""))
    return Form(unescape(action), fields)

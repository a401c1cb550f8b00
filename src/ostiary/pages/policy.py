"""The content policy of a page (threat T-46): nothing from elsewhere, no script but the one it names, no framing."""

from base64 import b64encode
from functools import lru_cache
from hashlib import sha256

from ostiary.pages.records import Page


def content_policy(page: Page) -> str:
    """The value of ``Content-Security-Policy``.

    `form-action` is left out where a form's answer is a redirect to the client: Chromium holds every redirect after a
    form to it, and where a client sends people on from its callback is not ours to know. What it would guard against,
    a form that others wrote into our page, is guarded by escaping and by the absence of any markup that is not ours.
    """
    return _policy(
        script=page.script,
        pictures=bool(page.pictures_from),
        form="" if page.form_leads_elsewhere else "'self'" if page.has_form else "'none'",
    )


@lru_cache(maxsize=32)
def _policy(*, script: str, pictures: bool, form: str) -> str:
    directives = [
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self' https: http:" if pictures else "img-src 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
    if script:
        directives.append(f"script-src 'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'")
    if form:
        directives.append(f"form-action {form}")
    return "; ".join(directives)

"""What a caller presents to prove which client it is, taken apart once (RFC 6749 §2.3)."""

from base64 import b64decode
from urllib.parse import unquote_to_bytes

import msgspec

from ostiary.errors import InvalidRequest
from ostiary.parameters import Parameters
from ostiary.words import AuthMethod

MOST_CREDENTIALS_CHARACTERS = 4096


class Knock(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a request that client authentication looks at."""

    parameters: Parameters
    authorization: str | None = None
    """The ``Authorization`` header."""
    certificate: bytes | None = None
    """The TLS client certificate (DER)."""
    source: str = ""
    """The caller's address."""


class Presented(msgspec.Struct, frozen=True):
    """Who the caller says it is, and the one proof it brings."""

    client_id: str
    """Empty when the caller did not say."""
    method: AuthMethod | None
    """None: a proof that cannot be read, or of a kind we do not know."""
    secret: str = ""

    def __repr__(self) -> str:
        return f"Presented({self.client_id}, {self.method})"  # never the secret

    @property
    def is_basic(self) -> bool:
        """Whether the answer must carry a challenge (RFC 6749 §5.2)."""
        return self.method in (AuthMethod.CLIENT_SECRET_BASIC, None)


def presented(knock: Knock) -> Presented:
    """Take a knock apart. Raises `InvalidRequest` for more than one method, or two ids that disagree (threat T-17)."""
    parameters, authorization = knock.parameters, knock.authorization
    secret = parameters.get("client_secret")
    asserts = "client_assertion" in parameters or "client_assertion_type" in parameters
    if (authorization is not None) + (secret is not None) + asserts > 1:
        raise InvalidRequest("a request authenticates the client in one way only")
    client_id = parameters.get("client_id") or ""
    if authorization is not None:
        by_header = _basic(authorization)
        if client_id and by_header.client_id and client_id != by_header.client_id:
            raise InvalidRequest("client_id is not the client of the Authorization header")
        return by_header
    if secret is not None:
        return Presented(client_id, AuthMethod.CLIENT_SECRET_POST, secret)
    if asserts:
        return Presented(client_id, AuthMethod.PRIVATE_KEY_JWT)
    return Presented(client_id, AuthMethod.NONE)


def _basic(authorization: str) -> Presented:
    """RFC 7617, both parts form-encoded (RFC 6749 §2.3.1). Never raises: what is unreadable fails later."""
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() != "basic" or len(credentials) > MOST_CREDENTIALS_CHARACTERS:
        return _UNREADABLE
    try:
        raw_id, colon, raw_secret = b64decode(credentials.strip(" "), validate=True).partition(b":")
        if not colon:
            return _UNREADABLE
        return Presented(_form_decoded(raw_id), AuthMethod.CLIENT_SECRET_BASIC, _form_decoded(raw_secret))
    except ValueError:
        return _UNREADABLE


def _form_decoded(raw: bytes) -> str:
    if b"%" in raw or b"+" in raw:
        raw = unquote_to_bytes(raw.replace(b"+", b" "))
    return raw.decode("utf-8")


_UNREADABLE = Presented("", None)

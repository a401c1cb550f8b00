"""Kinds that hold secrets. They are never written in clear."""

import base64
from dataclasses import dataclass
from typing import Any, ClassVar

from ostiary.declare.kinds.kind import Kind, Spot, Writing, as_schema, is_text, wrong_type
from ostiary.declare.kinds.plain import iso_date, milliseconds_of
from ostiary.declare.secrets import EchoedSecret, NewSecret, SecondarySecret, SecretValue, StoredSecret
from ostiary.secret import Secret
from ostiary.words import Dialect

LONGEST = 512


@dataclass(frozen=True)
class SecretKind(Kind["SecretValue | None"]):
    """Keys: the secret, and (administrative API) the opaque text that stands for it in answers."""

    parts: ClassVar[tuple[str, ...]] = ("", "echoed")

    def read(self, sent: tuple[Any, ...], spot: Spot, default: SecretValue | None) -> SecretValue | None:
        clear, echoed = sent[0], sent[1] if len(sent) > 1 else None
        for value in (clear, echoed):
            if value is not None and not isinstance(value, str):
                spot.malformed(wrong_type("a text", value))
                return default
        if clear and echoed:
            spot.refused("a secret and its encrypted form must not be sent together")
            return default
        if clear:
            if not is_text(clear) or len(clear) > LONGEST:
                spot.refused(f"must have 1 to {LONGEST} characters")
                return default
            return NewSecret(Secret(clear))
        return EchoedSecret(echoed) if echoed else default

    def written(self, value: SecretValue | None, writing: Writing, count: int) -> tuple[Any, ...]:
        if count < 2 or writing.conceal is None or not isinstance(value, StoredSecret):
            return (None,) * count
        return (None, writing.conceal(value))

    def stored(self, value: SecretValue | None) -> Any:
        if not isinstance(value, StoredSecret):
            raise TypeError("only a secret made ready by its keeper can be stored")
        sealed = None if value.sealed is None else _text(value.sealed)
        return [value.scheme, _text(value.digest), sealed, value.length]

    def loaded(self, raw: Any) -> StoredSecret:
        scheme, digest, sealed, length = raw
        if not isinstance(scheme, str) or not isinstance(length, int):
            raise ValueError("not a stored secret")
        return StoredSecret(scheme, _bytes(digest), None if sealed is None else _bytes(sealed), length)

    def described(self) -> dict[str, Any]:
        return {"type": "string", "format": "secret", "writeOnly": True, "maxLength": LONGEST}

    def schemas(self, dialect: Dialect, count: int) -> tuple[dict[str, Any], ...]:
        clear = as_schema(self.described(), dialect)
        return (clear, {"type": "string"})[:count]


_SECRET = SecretKind()


@dataclass(frozen=True)
class SecondarySecrets(Kind[tuple[SecondarySecret, ...]]):
    """Further secrets, each with the time until which it counts."""

    empty_is_absent: bool = False

    def read(
        self, sent: tuple[Any, ...], spot: Spot, default: tuple[SecondarySecret, ...]
    ) -> tuple[SecondarySecret, ...]:
        raw = sent[0]
        if not isinstance(raw, list) or not all(isinstance(one, dict) for one in raw):
            spot.malformed("must be a list of objects with a secret and an expiryTime")
            return default
        found = tuple(_secondary(one, spot) for one in raw)
        return tuple(one for one in found if one is not None)

    def written(self, value: tuple[SecondarySecret, ...], writing: Writing, count: int) -> tuple[Any, ...]:
        conceal = writing.conceal
        if conceal is None:
            return ([],)
        return (
            [
                {"encryptedSecret": conceal(one.secret), "expiryTime": one.expiry_as_sent or iso_date(one.expires_at)}
                for one in value
                if isinstance(one.secret, StoredSecret)
            ],
        )

    def stored(self, value: tuple[SecondarySecret, ...]) -> Any:
        return [[_SECRET.stored(one.secret), one.expires_at, one.expiry_as_sent] for one in value]

    def loaded(self, raw: Any) -> tuple[SecondarySecret, ...]:
        return tuple(SecondarySecret(_SECRET.loaded(secret), int(at), as_sent) for secret, at, as_sent in raw)

    def described(self) -> dict[str, Any]:
        item = {"secret": _SECRET.described(), "expiryTime": {"type": "string", "format": "date-time"}}
        return {"type": "array", "items": {"type": "object", "properties": item}}

    def schemas(self, dialect: Dialect, count: int) -> tuple[dict[str, Any], ...]:
        secret, echoed = _SECRET.schemas(dialect, 2)
        expiry = {"type": "string", "format": "date-time"}
        members = {"secret": secret, "encryptedSecret": echoed, "expiryTime": expiry}
        return ({"type": "array", "items": {"type": "object", "properties": members, "required": ["expiryTime"]}},)


def _secondary(raw: dict[str, Any], spot: Spot) -> SecondarySecret | None:
    secret = _SECRET.read((raw.get("secret"), raw.get("encryptedSecret")), spot, None)
    expiry = raw.get("expiryTime")
    at = milliseconds_of(expiry) if isinstance(expiry, str) else None
    if at is None:
        spot.refused("each needs an expiryTime in ISO 8601")
    elif secret is None:
        spot.refused("each needs either a secret or its encrypted form")
    else:
        return SecondarySecret(secret, at, str(expiry))
    return None


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _bytes(text: Any) -> bytes:
    if not isinstance(text, str):
        raise ValueError("not base64")
    return base64.b64decode(text, validate=True)

"""Which object counts where nobody names one, and which keys sign when they are not the server's own choice."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from ostiary.declare import key, section, setting
from ostiary.declare.kinds import Flag, Kind, ReferenceKind, Spot, Text, Writing

KEYS = "oauthOpenIdConnectKeys"
KEY_PARTS = ("ActiveCertRef", "PreviousCertRef", "PublishX5cParameter", "ActiveKeyId", "PreviousKeyId")
"""How the members of one family of keys end."""
_PARTS = (ReferenceKind(), ReferenceKind(), Flag(), Text(at_most=256), Text(at_most=256))


@section("Defaults")
class Defaults:
    """The objects that clients get when they choose none."""

    manager: str | None = setting(
        id="S170",
        kind=ReferenceKind(),
        default=None,
        label="Default Access Token Manager",
        help="Makes access tokens where neither request nor client names a manager.",
        admin=key("defaultAccessTokenManagerRef", resource="accessTokenManagerSettings"),
    )
    policy: str | None = setting(
        id="S174",
        kind=ReferenceKind(),
        default=None,
        label="Default OpenID Connect Policy",
        help="Says what ID tokens and UserInfo hold for clients that choose no policy.",
        admin=key("defaultPolicyRef", resource="openIdConnectSettings"),
    )
    request_policy: str | None = setting(
        id="S175",
        kind=ReferenceKind(),
        default=None,
        label="Default CIBA Request Policy",
        help="Says how people are asked for clients that choose no policy.",
        admin=key("defaultRequestPolicyRef", resource="cibaServerPolicySettings"),
    )
    processor_policy: str | None = setting(
        id="S176",
        kind=ReferenceKind(),
        default=None,
        label="Default Token Exchange Processor Policy",
        help="Says which tokens may be exchanged by clients that choose no policy.",
        admin=key("defaultProcessorPolicyRef", resource="tokenExchangeProcessorSettings"),
    )


@dataclass(frozen=True, slots=True)
class KeyAssignment:
    """The keys of one type: the one in use, the one before it, and how they are published."""

    active: str | None = None
    previous: str | None = None
    publish_x5c: bool | None = None
    active_key_id: str | None = None
    previous_key_id: str | None = None


@dataclass(frozen=True)
class KeyAssignmentKind(Kind[KeyAssignment]):
    """Keys: active, previous, whether the chain is published, and the two key ids."""

    parts: ClassVar[tuple[str, ...]] = ("active", "previous", "publish", "activeId", "previousId")

    def read(self, sent: tuple[Any, ...], spot: Spot, default: KeyAssignment) -> KeyAssignment:
        found = []
        for name, kind, part in zip(self.parts, _PARTS, sent, strict=True):
            there = Spot(spot.dialect, f"{spot.field}.{name}", spot.problems)
            found.append(None if part is None else kind.read((part,), there, None))
        return KeyAssignment(*found)

    def written(self, value: KeyAssignment, writing: Writing, count: int) -> tuple[Any, ...]:
        held = self.held(value)
        return tuple(None if one is None else kind.written(one, writing, 1)[0] for kind, one in held)

    def stored(self, value: KeyAssignment) -> Any:
        return [one for _, one in self.held(value)]

    def loaded(self, raw: Any) -> KeyAssignment:
        parts = [None if one is None else kind.loaded(one) for kind, one in zip(_PARTS, raw, strict=True)]
        return KeyAssignment(*parts)

    def described(self) -> dict[str, Any]:
        return {"type": "keys", "properties": dict(zip(self.parts, (p.described() for p in _PARTS), strict=True))}

    def held(self, value: KeyAssignment) -> Iterator[tuple[Kind[Any], Any]]:
        """Each part with its kind."""
        parts = (value.active, value.previous, value.publish_x5c, value.active_key_id, value.previous_key_id)
        yield from zip(_PARTS, parts, strict=True)


def _keys(prefix: str, label: str) -> KeyAssignment:
    return setting(
        id="S180",
        kind=KeyAssignmentKind(),
        default=KeyAssignment(),
        label=label,
        help="The key pair in use, and the one before it.",
        admin=key(*(f"{prefix}{part}" for part in KEY_PARTS), resource=KEYS),
        source="RFC 7517",
    )


@section("Static Keys")
class StaticKeys:
    """S180: keys of your own choice instead of those the server makes and rotates. Stored; the server's are in use."""

    enabled: bool = setting(
        id="S180",
        kind=Flag(),
        default=False,
        label="Enable Static Keys",
        help="Signs with the keys below instead of keys that the server rotates.",
        admin=key("staticJwksEnabled", required=True, resource=KEYS),
    )
    rsa: KeyAssignment = _keys("rsa", "RSA")
    p256: KeyAssignment = _keys("p256", "EC P-256")
    p384: KeyAssignment = _keys("p384", "EC P-384")
    p521: KeyAssignment = _keys("p521", "EC P-521")
    rsa_decryption: KeyAssignment = _keys("rsaDecryption", "RSA, decryption")
    p256_decryption: KeyAssignment = _keys("p256Decryption", "EC P-256, decryption")
    p384_decryption: KeyAssignment = _keys("p384Decryption", "EC P-384, decryption")
    p521_decryption: KeyAssignment = _keys("p521Decryption", "EC P-521, decryption")

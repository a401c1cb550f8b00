"""Sets of signing keys of their own for some of the issuers. Kept and referenced; the server's own keys are in use."""

from ostiary.declare import key, section, setting
from ostiary.declare.kinds import References
from ostiary.server_settings.settings.defaults import KEY_PARTS, KeyAssignment, KeyAssignmentKind
from ostiary.server_settings.shared_parts import description, object_id, object_name


def _keys(prefix: str, label: str) -> KeyAssignment:
    return setting(
        kind=KeyAssignmentKind(),
        default=KeyAssignment(),
        label=label,
        help="The key pair in use, and the one before it.",
        admin=key(*(f"signingKeys.{prefix}{part}" for part in KEY_PARTS)),
        source="RFC 7517",
    )


@section("Additional Key Set")
class KeySetOfIssuers:
    """S180: the keys of some virtual issuers."""

    id: str = object_id()
    name: str = object_name()
    description: str = description()
    rsa: KeyAssignment = _keys("rsa", "RSA")
    p256: KeyAssignment = _keys("p256", "EC P-256")
    p384: KeyAssignment = _keys("p384", "EC P-384")
    p521: KeyAssignment = _keys("p521", "EC P-521")
    issuers: tuple[str, ...] = setting(
        kind=References(),
        default=(),
        label="Issuers",
        help="The virtual issuers that sign with these keys; an issuer is in one set only.",
        admin=key("issuers", required=True),
    )

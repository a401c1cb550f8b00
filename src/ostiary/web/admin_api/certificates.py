"""``/certificates/ca``: the authorities whose certificates clients may show."""

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from ostiary import server_management
from ostiary.server_settings.object_kinds import ObjectKind, kind_named
from ostiary.web.admin_api.objects import Given, Manners, Resource, find, noun_of
from ostiary.web.admin_api.operations import STRICTLY, Asked, Operation, Schema
from ostiary.web.admin_api.results import INVALID, MALFORMED, FieldError, invalid, not_found
from ostiary.web.admin_api.shapes import list_of
from ostiary.web.call import NO_STORE, Reply

KIND = kind_named("certificateAuthorities")
PEM = b"-----BEGIN CERTIFICATE-----"


def read(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The file in PEM, whether it came so or in base64; and an id from its fingerprint when it brings none."""
    found = {name: value for name, value in body.items() if name != "cryptoProvider"}
    given = found.get("fileData")
    if given is None:
        return {**found, "id": found.get("id") or "x"}  # what is missing is told by the rule about it
    if not isinstance(given, str):
        raise invalid([FieldError(MALFORMED, "must be a text", "fileData")], malformed=True)
    pem = pem_of(given)
    if pem is None:
        raise invalid([FieldError(INVALID, "must be one certificate, in PEM or base64", "fileData")])
    return {**found, "fileData": pem, "id": found.get("id") or sha256(pem.encode()).hexdigest()[:20]}


def pem_of(text: str) -> str | None:
    """The certificate in PEM; None when it is none."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    try:
        raw = text.encode("ascii")
        if PEM not in raw:
            raw = base64.b64decode("".join(text.split()), validate=True)
        (found,) = x509.load_pem_x509_certificates(raw) if PEM in raw else (x509.load_der_x509_certificate(raw),)
        return found.public_bytes(Encoding.PEM).decode()
    except (ValueError, binascii.Error):
        return None


def view_of(authority: Any, now: int) -> dict[str, Any]:
    """What a certificate says, for people who compare."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    try:
        found = x509.load_pem_x509_certificate(authority.pem.encode())
    except ValueError:  # a stored one that is none: nobody is trusted because of it
        return {"id": authority.id, "cryptoProvider": "LOCAL"}
    key = found.public_key()
    begins, ends = found.not_valid_before_utc, found.not_valid_after_utc
    moment = datetime.fromtimestamp(now / 1000, UTC)
    algorithm = next((name for name, of in _algorithms().items() if isinstance(key, of)), "")
    hashed = found.signature_hash_algorithm
    return {
        "id": authority.id,
        "serialNumber": f"{found.serial_number:X}",
        "subjectDN": found.subject.rfc4514_string(),
        "subjectAlternativeNames": _alternative_names(found),
        "issuerDN": found.issuer.rfc4514_string(),
        "validFrom": _date(begins),
        "expires": _date(ends),
        "keyAlgorithm": algorithm or type(key).__name__.removesuffix("PublicKey"),
        "keySize": getattr(key, "key_size", 0),
        "signatureAlgorithm": f"{hashed.name.upper() if hashed else ''}with{algorithm}".removeprefix("with"),
        "version": found.version.value + 1,
        "sha1Fingerprint": found.fingerprint(hashes.SHA1()).hex().upper(),  # noqa: S303 - to compare with other tools
        "sha256Fingerprint": found.fingerprint(hashes.SHA256()).hex().upper(),
        "status": "NOT_YET_VALID" if moment < begins else "EXPIRED" if moment > ends else "VALID",
        "cryptoProvider": "LOCAL",
    }


def _algorithms() -> dict[str, type[Any]]:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    return {"RSA": rsa.RSAPublicKey, "EC": ec.EllipticCurvePublicKey}


def _alternative_names(found: Any) -> list[str]:
    from cryptography import x509

    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    return [str(name.value) for name in names]


def _date(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"


class _Manners(Manners):
    """A file comes in, and a view goes out."""

    async def read(self, asked: Asked, body: Mapping[str, Any], id_: str) -> Given:
        return Given(read(body))

    async def written(self, asked: Asked, kind: ObjectKind, one: Any) -> dict[str, Any]:
        return view_of(one, asked.server.clock.now())


RESOURCE = Resource(KIND, _Manners())


async def file(asked: Asked) -> Reply:
    """GET /certificates/ca/{id}/file"""
    now = await server_management.current(asked.server)
    found = find(now.objects, KIND, asked.ids[0])
    if found is None:
        raise not_found(noun_of(KIND), asked.ids[0])
    return Reply(200, found.pem.encode(), b"application/x-pem-file", NO_STORE)


def _view() -> dict[str, Any]:
    names = (
        *("id", "serialNumber", "subjectDN", "issuerDN", "validFrom", "expires", "keyAlgorithm"),
        *("signatureAlgorithm", "sha1Fingerprint", "sha256Fingerprint", "status", "cryptoProvider"),
    )
    members: dict[str, Any] = {name: {"type": "string"} for name in names}
    members |= {name: {"type": "integer"} for name in ("keySize", "version")}
    return {"type": "object", "properties": {**members, "subjectAlternativeNames": {"type": "array"}}}


def _file() -> dict[str, Any]:
    members = {name: {"type": "string"} for name in ("id", "fileData", "cryptoProvider")}
    return {"type": "object", "properties": members, "required": ["fileData"]}


VIEW, FILE = Schema("CertView", _view), Schema("X509File", _file)
OPERATIONS = (
    Operation(
        method="GET",
        path=KIND.path,
        answer=RESOURCE.retrieve_all,
        summary="Every trusted certificate authority",
        gives=list_of(VIEW),
    ),
    *(
        Operation(
            method="POST",
            path=path,
            answer=RESOURCE.create,
            summary="Trust a certificate authority",
            takes=FILE,
            gives=VIEW,
            status=201,
            fails=(400, 422),
            query=(STRICTLY,),
            versioned=True,
        )
        for path in (f"{KIND.path}/import", KIND.path)
    ),
    Operation(
        method="GET",
        path=f"{KIND.path}/{{id}}",
        answer=RESOURCE.retrieve,
        summary="One trusted certificate authority",
        gives=VIEW,
        fails=(404,),
        versioned=True,
    ),
    Operation(
        method="PUT",
        path=f"{KIND.path}/{{id}}",
        answer=RESOURCE.replace,
        summary="Replace the certificate of an authority",
        takes=FILE,
        gives=VIEW,
        fails=(400, 404, 422),
        query=(STRICTLY,),
        versioned=True,
    ),
    Operation(
        method="GET",
        path=f"{KIND.path}/{{id}}/file",
        answer=file,
        summary="The certificate of an authority in PEM",
        fails=(404,),
    ),
    Operation(
        method="DELETE",
        path=f"{KIND.path}/{{id}}",
        answer=RESOURCE.delete,
        summary="Trust a certificate authority no longer",
        status=204,
        fails=(404, 422),
        versioned=True,
    ),
)

"""Signed and encrypted authorization responses."""

from ostiary.clients.settings.conditions import BROWSER_GRANTS
from ostiary.declare import is_set, key, section, setting
from ostiary.declare.kinds import OneWord
from ostiary.words import SIGNING_OR_NONE, ContentEncryption, KeyManagement, SigningAlgorithm


@section("JWT Secured Authorization Response Mode", shown_when=BROWSER_GRANTS)
class Jarm:
    """C160-C162."""

    algorithm: SigningAlgorithm | None = setting(
        id="C160",
        kind=OneWord(SigningAlgorithm, SIGNING_OR_NONE),
        default=None,
        label="Signing Algorithm",
        help="What signs authorization responses; RSA using SHA-256 unless another is chosen.",
        admin="jwtSecuredAuthorizationResponseModeSigningAlgorithm",
        legacy=key(
            "authorizationResponseSigningAlgorithm", aliases=("jwtSecuredAuthorizationResponseModeSigningAlgorithm",)
        ),
        registration="authorization_signed_response_alg",
        source="JARM §3",
    )
    encryption: KeyManagement | None = setting(
        id="C161",
        kind=OneWord(KeyManagement),
        default=None,
        label="Key Management Encryption Algorithm",
        help="How the key of encrypted responses is conveyed; without it they are not encrypted.",
        admin="jwtSecuredAuthorizationResponseModeEncryptionAlgorithm",
        legacy=key(
            "authorizationResponseEncryptionAlgorithm",
            aliases=("jwtSecuredAuthorizationResponseModeEncryptionAlgorithm",),
        ),
        registration="authorization_encrypted_response_alg",
        source="JARM §3",
    )
    content_encryption: ContentEncryption | None = setting(
        id="C162",
        kind=OneWord(ContentEncryption, legacy_as_admin=True),
        default=None,
        label="Content Encryption Algorithm",
        help="What encrypts the content of responses.",
        admin="jwtSecuredAuthorizationResponseModeContentEncryptionAlgorithm",
        legacy=key(
            "authorizationResponseContentEncryptionAlgorithm",
            aliases=("jwtSecuredAuthorizationResponseModeContentEncryptionAlgorithm",),
        ),
        registration="authorization_encrypted_response_enc",
        source="JARM §3",
        shown_when=is_set("jarm.encryption"),
    )

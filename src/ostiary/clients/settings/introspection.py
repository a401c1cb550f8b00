"""Signed and encrypted introspection answers, for clients that are resource servers."""

from ostiary.clients.settings.conditions import allows
from ostiary.declare import is_set, key, section, setting
from ostiary.declare.kinds import OneWord
from ostiary.words import SIGNING_OR_NONE, ContentEncryption, GrantType, KeyManagement, SigningAlgorithm


@section("Token Introspection", shown_when=allows(GrantType.ACCESS_TOKEN_VALIDATION))
class Introspection:
    """C155-C157."""

    algorithm: SigningAlgorithm | None = setting(
        id="C155",
        kind=OneWord(SigningAlgorithm, SIGNING_OR_NONE),
        default=None,
        label="Signing Algorithm",
        help="What signs introspection answers when a JWT is asked for; RSA using SHA-256 unless another is chosen.",
        admin="tokenIntrospectionSigningAlgorithm",
        legacy=key("introspectionSigningAlgorithm", aliases=("tokenIntrospectionSigningAlgorithm",)),
        registration="introspection_signed_response_alg",
        source="RFC 9701 §6",
    )
    encryption: KeyManagement | None = setting(
        id="C156",
        kind=OneWord(KeyManagement),
        default=None,
        label="Key Management Encryption Algorithm",
        help="How the key of encrypted answers is conveyed; without it they are not encrypted.",
        admin="tokenIntrospectionEncryptionAlgorithm",
        legacy=key("introspectionEncryptionAlgorithm", aliases=("tokenIntrospectionEncryptionAlgorithm",)),
        registration="introspection_encrypted_response_alg",
        source="RFC 9701 §6",
    )
    content_encryption: ContentEncryption | None = setting(
        id="C157",
        kind=OneWord(ContentEncryption),
        default=None,
        label="Content Encryption Algorithm",
        help="What encrypts the content of answers.",
        admin="tokenIntrospectionContentEncryptionAlgorithm",
        legacy=key(
            "introspectionContentEncryptionAlgorithm", aliases=("tokenIntrospectionContentEncryptionAlgorithm",)
        ),
        registration="introspection_encrypted_response_enc",
        source="RFC 9701 §6",
        shown_when=is_set("introspection.encryption"),
    )

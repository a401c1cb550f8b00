"""ID tokens, UserInfo and subject identifiers."""

from ostiary.clients.settings.conditions import BROWSER_GRANTS
from ostiary.declare import is_set, key, proposed, section, setting
from ostiary.declare.kinds import Flag, OneWord, ReferenceKind, Url, YesOrWord
from ostiary.words import SIGNING_OR_NONE, ContentEncryption, KeyManagement, SigningAlgorithm, UserInfoOption


@section("OpenID Connect")
class OpenId:
    """C110-C120."""

    id_token_algorithm: SigningAlgorithm | None = setting(
        id="C110",
        kind=OneWord(SigningAlgorithm, SIGNING_OR_NONE),
        default=None,
        label="ID Token Signing Algorithm",
        help="What signs the client's ID tokens; RSA using SHA-256 unless another is chosen.",
        admin="oidcPolicy.idTokenSigningAlgorithm",
        legacy="idTokenSigningAlgorithm",
        registration="id_token_signed_response_alg",
        portal="id_token_signed_response_alg",
        source="OpenID Connect Registration §2",
    )
    id_token_encryption: KeyManagement | None = setting(
        id="C111",
        kind=OneWord(KeyManagement),
        default=None,
        label="ID Token Key Management Encryption Algorithm",
        help="How the key of encrypted ID tokens is conveyed; without it they are not encrypted.",
        admin="oidcPolicy.idTokenEncryptionAlgorithm",
        legacy="idTokenEncryptionAlgorithm",
        registration="id_token_encrypted_response_alg",
        portal="id_token_encrypted_response_alg",
        source="OpenID Connect Registration §2",
    )
    id_token_content_encryption: ContentEncryption | None = setting(
        id="C112",
        kind=OneWord(ContentEncryption),
        default=None,
        label="ID Token Content Encryption Algorithm",
        help="What encrypts the content of ID tokens.",
        admin="oidcPolicy.idTokenContentEncryptionAlgorithm",
        legacy="idTokenContentEncryptionAlgorithm",
        registration="id_token_encrypted_response_enc",
        portal="id_token_encrypted_response_enc",
        source="OpenID Connect Registration §2",
        shown_when=is_set("openid.id_token_encryption"),
    )
    policy: str | None = setting(
        id="C113",
        kind=ReferenceKind(),
        default=None,
        label="OpenID Connect Policy",
        help="What ID tokens and UserInfo say and how long ID tokens live; otherwise the default policy.",
        admin="oidcPolicy.policyGroup",
        legacy="policyGroupId",
    )
    pairwise: bool = setting(
        id="C114",
        kind=YesOrWord("pairwise", "public"),
        default=False,
        label="Use Pairwise Identifiers",
        help="People have another identifier at every sector, so that clients cannot compare them.",
        admin="oidcPolicy.pairwiseIdentifierUserType",
        legacy=key("pairwiseUserType", aliases=("pairwiseIdentifierUserType",)),
        registration="subject_type",
        portal="subject_type",
        source="OpenID Connect Core §8",
        when_unreadable=True,
    )
    sector_identifier_uri: str | None = setting(
        id="C115",
        kind=Url(https_only=True),
        default=None,
        label="Sector Identifier URI",
        help="A list of the redirect URIs that belong together; its host is the sector.",
        admin="oidcPolicy.sectorIdentifierUri",
        legacy="sectorIdentifierUri",
        registration="sector_identifier_uri",
        portal="sector_identifier_uri",
        source="OpenID Connect Core §8.1",
        shown_when=is_set("openid.pairwise"),
    )
    userinfo_algorithm: SigningAlgorithm | None = setting(
        id="C116",
        kind=OneWord(SigningAlgorithm, SIGNING_OR_NONE),
        default=None,
        label="UserInfo Signing Algorithm",
        help="What signs UserInfo answers; without it they are plain JSON.",
        admin="oidcPolicy.userInfoResponseSigningAlgorithm",
        legacy=proposed("userInfoResponseSigningAlgorithm"),
        registration="userinfo_signed_response_alg",
        portal="userinfo_signed_response_alg",
        source="OpenID Connect Core §5.3.2",
    )
    userinfo_encryption: KeyManagement | None = setting(
        id="C117",
        kind=OneWord(KeyManagement),
        default=None,
        label="UserInfo Key Management Encryption Algorithm",
        help="How the key of encrypted UserInfo answers is conveyed; without it they are not encrypted.",
        admin="oidcPolicy.userInfoResponseEncryptionAlgorithm",
        registration="userinfo_encrypted_response_alg",
        portal="userinfo_encrypted_response_alg",
        source="OpenID Connect Registration §2",
    )
    userinfo_content_encryption: ContentEncryption | None = setting(
        id="C118",
        kind=OneWord(ContentEncryption),
        default=None,
        label="UserInfo Content Encryption Algorithm",
        help="What encrypts the content of UserInfo answers.",
        admin="oidcPolicy.userInfoResponseContentEncryptionAlgorithm",
        registration="userinfo_encrypted_response_enc",
        portal="userinfo_encrypted_response_enc",
        source="OpenID Connect Registration §2",
        shown_when=is_set("openid.userinfo_encryption"),
    )
    supported: bool = setting(
        id="C119",
        kind=Flag(),
        default=True,
        label="Supports OpenID Connect",
        help="Set by the portal: whether the client may use the scope openid.",
        portal="supports_openid_connect",
        shown_when=BROWSER_GRANTS,
    )
    user_info_in_access_token: UserInfoOption = setting(
        id="C120",
        kind=OneWord(UserInfoOption),
        default=UserInfoOption.GLOBAL,
        label="Person's Claims in Access Tokens",
        help="Set by the portal: whether JWT access tokens carry claims about the person.",
        portal="includeResourceOwnerUserInfoOption",
        when_unreadable=UserInfoOption.EXCLUDE,
    )

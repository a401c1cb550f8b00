"""How the client proves who it is, and the keys it publishes."""

from ostiary.clients.settings.conditions import ASSERTIONS, USES_SECRET, any_of, authenticates_by
from ostiary.declare import (
    KeySet,
    Override,
    SecondarySecret,
    SecretValue,
    SubjectAltName,
    Write,
    is_set,
    key,
    proposed,
    read_only,
    section,
    setting,
)
from ostiary.declare.kinds import (
    AuthMethodKind,
    Date,
    Flag,
    KeySetKind,
    Minutes,
    OneWord,
    OverrideKind,
    SanKind,
    SecondarySecrets,
    SecretKind,
    Text,
    Url,
)
from ostiary.words import SIGNING, AssertionAudiences, AuthMethod, ClientAuth, MethodsSetting, SigningAlgorithm


@section("Client Authentication")
class Authentication:
    """C020-C036."""

    method: ClientAuth = setting(
        id="C020",
        kind=OneWord(ClientAuth),
        default=ClientAuth.NONE,
        label="Client Authentication",
        help="The one way in which the client proves who it is, wherever it must. None makes it a public client.",
        admin="clientAuth.type",
        legacy=key("clientAuthnType", keep=True),
        registration="token_endpoint_auth_method",
        source="RFC 6749 §2.3, OpenID Connect Core §9",
    )
    exact_methods: tuple[AuthMethod, ...] = setting(
        id="C020",
        kind=AuthMethodKind(),
        default=(),
        label="Exact Methods",
        help="Set by registration or the portal: the methods of authentication that are accepted, and no others.",
        registration=key("token_endpoint_auth_method", write=Write.UNLESS_EMPTY),
        portal=key("token_endpoint_auth_methods", aliases=("token_endpoint_auth_method",), write=Write.UNLESS_EMPTY),
        source="RFC 7591 §2",
    )
    methods_setting: MethodsSetting = setting(
        id="C034",
        kind=OneWord(MethodsSetting),
        default=MethodsSetting.GLOBAL,
        label="Methods in the Portal",
        help="Whether the portal lists the methods of authentication or takes the server's.",
        portal="token_endpoint_auth_method_supported_setting",
    )
    secret: SecretValue | None = setting(
        id="C021",
        kind=SecretKind(),
        default=None,
        label="Client Secret",
        help="What the client knows and nobody else. It is never shown again; 22 random characters are a good length.",
        admin=key("clientAuth.secret", "clientAuth.encryptedSecret"),
        legacy=key("secret", keep=True),
        registration=read_only("client_secret"),
        portal=read_only("OAuthClientSecret"),
        source="RFC 6749 §2.3.1",
        shown_when=any_of(
            USES_SECRET,
            is_set("openid.id_token_encryption"),
            is_set("introspection.encryption"),
            is_set("jarm.encryption"),
        ),
    )
    secondary_secrets: tuple[SecondarySecret, ...] = setting(
        id="C026",
        kind=SecondarySecrets(),
        default=(),
        label="Secondary Secrets",
        help="Secrets that still count, each until its time: usually the ones before the present secret.",
        admin="clientAuth.secondarySecrets",
        shown_when=USES_SECRET,
    )
    secret_retention: Override[int] = setting(
        id="C024 C025",
        kind=OverrideKind(Minutes(at_least=0, at_most=43_800)),
        default=Override(),
        label="Client Secret Retention Period (minutes)",
        help="How long a replaced secret still counts beside the new one.",
        admin=key("clientSecretRetentionPeriodType", "clientSecretRetentionPeriod"),
        legacy=proposed("clientSecretRetentionPeriodType", "clientSecretRetentionPeriod"),
        shown_when=USES_SECRET,
    )
    secret_changed_at: int = setting(
        id="C027",
        kind=Date(),
        default=0,
        label="Client Secret Changed",
        help="When the secret was set or changed last.",
        admin=read_only("clientSecretChangedTime"),
    )
    certificate_issuer_dn: str | None = setting(
        id="C028",
        kind=Text(at_most=2048),
        default=None,
        label="Certificate Issuer",
        help="The trusted authority that must have issued the client's certificate, or Trust Any for all of them.",
        admin="clientAuth.clientCertIssuerDn",
        legacy="clientCertIssuerDn",
        source="RFC 8705 §2.1",
        shown_when=authenticates_by(ClientAuth.CERTIFICATE),
    )
    certificate_subject_dn: str | None = setting(
        id="C029",
        kind=Text(at_most=2048),
        default=None,
        label="Certificate Subject",
        help="The distinguished name that the client's certificate must have.",
        admin="clientAuth.clientCertSubjectDn",
        legacy="clientCertSubjectDn",
        registration="tls_client_auth_subject_dn",
        source="RFC 8705 §2.1.2",
        shown_when=authenticates_by(ClientAuth.CERTIFICATE),
    )
    certificate_san: SubjectAltName | None = setting(
        id="C035",
        kind=SanKind(),
        default=None,
        label="Certificate Subject Alternative Name",
        help="Instead of the subject: a name that must be among the alternative names of the client's certificate.",
        admin=proposed("clientAuth.clientCertSubjectAltName"),
        registration=key(
            "tls_client_auth_san_dns",
            "tls_client_auth_san_uri",
            "tls_client_auth_san_ip",
            "tls_client_auth_san_email",
        ),
        source="RFC 8705 §2.1.2",
        shown_when=authenticates_by(ClientAuth.CERTIFICATE),
    )
    enforce_replay_prevention: bool | None = setting(
        id="C030",
        kind=Flag(),
        default=None,
        label="Replay Prevention",
        help="Every assertion and every signed request of the client counts once only.",
        admin="clientAuth.enforceReplayPrevention",
        legacy="enforceReplayPrevention",
        portal="enforceReplayPrevention",
        source="RFC 7523 §3",
        when_unreadable=True,
    )
    assertion_algorithm: SigningAlgorithm | None = setting(
        id="C031",
        kind=OneWord(SigningAlgorithm, SIGNING),
        default=None,
        label="Assertion Signing Algorithm",
        help="The algorithm that assertions must be signed with; if none is chosen, any that fits.",
        admin="clientAuth.tokenEndpointAuthSigningAlgorithm",
        legacy=key("tokenEndpointAuthSigningAlgorithm", only_when=ASSERTIONS),
        registration="token_endpoint_auth_signing_alg",
        portal="token_endpoint_auth_signing_alg",
        source="OpenID Connect Core §9",
        shown_when=ASSERTIONS,
    )
    jwks_url: str | None = setting(
        id="C032",
        kind=Url(),
        default=None,
        label="JWKS URL",
        help="Where the client publishes its keys; fetched when a key is needed.",
        admin="jwksSettings.jwksUrl",
        legacy="jwksUrl",
        registration="jwks_uri",
        portal="jwks_uri",
        source="RFC 7591 §2",
    )
    jwks: KeySet | None = setting(
        id="C033",
        kind=KeySetKind(),
        default=None,
        label="JWKS",
        help="The client's public keys themselves, instead of a URL.",
        admin="jwksSettings.jwks",
        legacy="jwks",
        registration="jwks",
        portal="jwks",
        source="RFC 7517 §5",
    )
    assertion_audiences: AssertionAudiences = setting(
        id="C036",
        kind=OneWord(AssertionAudiences),
        default=AssertionAudiences.SERVER_DEFAULT,
        label="Assertion Audiences",
        help="Whether assertions must name the issuer alone, or may name the endpoints as older clients do.",
        admin=proposed("clientAuth.assertionAudiences"),
        source="RFC 10070",
        shown_when=ASSERTIONS,
    )

    @property
    def ways(self) -> frozenset[ClientAuth]:
        """Every way in which the client may authenticate: its method, and those of the exact methods."""
        return frozenset((self.method, *(one.client_auth for one in self.exact_methods)))

    @property
    def may_stay_unproven(self) -> bool:
        """Whether the client may come without any proof, so that nobody knows who it is."""
        return self.method is ClientAuth.NONE or AuthMethod.NONE in self.exact_methods

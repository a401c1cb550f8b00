"""Clients and doors that several tests use."""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from ostiary.clients.client import CLIENT_SETTINGS, Client
from ostiary.clients.registry import ClientRegistry
from ostiary.clients.secret_keeping import SecretKeeper
from ostiary.declare import (
    Dialect,
    Duration,
    KeySet,
    Lifetime,
    NewSecret,
    Override,
    ResponseTypes,
    SubjectAltName,
)
from ostiary.declare.kinds import Properties
from ostiary.keys.key_file import KeyFile
from ostiary.keys.vault import Vault
from ostiary.ports.changes import AddAudit
from ostiary.ports.events import Happening
from ostiary.ports.records import AuditRecord
from ostiary.secret import Secret
from ostiary.server_settings.facts import Facts
from ostiary.storage.memory import MemoryStores
from ostiary.words import (
    ApplicationType,
    AssertionAudiences,
    AuthMethod,
    ClientAuth,
    ContentEncryption,
    DeliveryMode,
    GrantType,
    GrantTypesSetting,
    KeyManagement,
    LockoutType,
    LogoutMode,
    MethodsSetting,
    PortalClientType,
    PortalTokenType,
    ResponseType,
    RollingPolicy,
    RollingUnit,
    SanType,
    SecurityProfile,
    SigningAlgorithm,
    ThreeWay,
    TimeUnit,
    TwoWay,
    UserInfoOption,
    YesNo,
)
from tests.clocks import ManualClock

KEY_FILE = KeyFile.fresh()
LONG_SECRET = "L1u508MfeZYTvR03kcpa6ezysNEspFEtzxSAIEOTll8AuNd2pnNqjkRdOXzfTFXc"
KEYS = '{"keys":[{"kty":"EC","crv":"P-256","x":"x","y":"y","use":"sig","kid":"1"}]}'

VALUES: dict[str, Any] = {
    "identity.client_id": "full",
    "identity.enabled": False,
    "identity.name": "Full Client",
    "identity.description": "",
    "identity.logo_url": "https://app.example/logo.png",
    "identity.client_uri": "https://app.example/",
    "identity.policy_uri": "https://app.example/privacy",
    "identity.tos_uri": "https://app.example/terms",
    "identity.contacts": ("ops@app.example",),
    "identity.application_type": ApplicationType.NATIVE,
    "identity.lockout_type": LockoutType.OVERRIDE,
    "identity.lockout_actions": 3,
    "authentication.method": ClientAuth.PRIVATE_KEY_JWT,
    "authentication.exact_methods": (AuthMethod.PRIVATE_KEY_JWT,),
    "authentication.methods_setting": MethodsSetting.LISTED,
    "authentication.secret_retention": Override(True, 10),
    "authentication.certificate_issuer_dn": "CN=CA",
    "authentication.certificate_subject_dn": "CN=client, O=Example",
    "authentication.certificate_san": SubjectAltName(SanType.DNS, "client.example"),
    "authentication.enforce_replay_prevention": True,
    "authentication.assertion_algorithm": SigningAlgorithm.ES256,
    "authentication.jwks_url": "https://app.example/keys",
    "authentication.jwks": KeySet(KEYS),
    "authentication.assertion_audiences": AssertionAudiences.COMPATIBLE,
    "requests.require_pushed": True,
    "requests.require_jarm": True,
    "requests.require_signed": True,
    "requests.object_algorithm": SigningAlgorithm.PS256,
    "requests.object_encryption": KeyManagement.RSA_OAEP_256,
    "requests.object_content_encryption": ContentEncryption.A256GCM,
    "requests.request_uris": ("https://app.example/request#hash",),
    "requests.require_pkce": True,
    "requests.require_dpop": True,
    "requests.default_max_age": 600,
    "requests.default_acr_values": ("urn:two", "urn:one"),
    "requests.require_auth_time": True,
    "requests.initiate_login_uri": "https://app.example/start",
    "requests.certificate_bound_access_tokens": True,
    "requests.security_profile": SecurityProfile.FAPI2_SECURITY,
    "redirection.redirect_uris": ("https://app.example/cb", "https://*.app.example/cb/*"),
    "redirection.bypass_approval": True,
    "redirection.allow_authentication_api": True,
    "redirection.cookieless_authentication_api": True,
    "redirection.post_logout_redirect_uris": ("https://app.example/bye",),
    "scopes.restrict": True,
    "scopes.restricted": ("email", "openid", "profile"),
    "scopes.exclusive": ("admin",),
    "scopes.authorization_detail_types": ("payment",),
    "grants.allowed": frozenset(GrantType),
    "grants.types_setting": GrantTypesSetting.LISTED,
    "grants.restricted_response_types": ResponseTypes(
        (ResponseType.CODE, ResponseType.CODE_ID_TOKEN, ResponseType.ID_TOKEN_TOKEN)
    ),
    "access_tokens.default_manager": "jwt",
    "access_tokens.restrict_to_default": True,
    "access_tokens.validate_against_all": True,
    "access_tokens.lifetime": Override(True, 300),
    "persistent_grants.max_lifetime": Lifetime(ThreeWay.OVERRIDE, 5, TimeUnit.HOURS),
    "persistent_grants.idle_timeout": Lifetime(ThreeWay.INDEFINITE, 0, TimeUnit.MINUTES),
    "persistent_grants.rolling": RollingPolicy.DONT_ROLL,
    "persistent_grants.rolling_interval": Override(True, Duration(90, RollingUnit.MINUTES)),
    "persistent_grants.rolling_grace": Override(True, 5),
    "persistent_grants.reuse": Override(True, frozenset({GrantType.PASSWORD, GrantType.IMPLICIT})),
    "persistent_grants.offline_access_required": YesNo.YES,
    "persistent_grants.offline_access_prompt": YesNo.NO,
    "openid.id_token_algorithm": SigningAlgorithm.EDDSA,
    "openid.id_token_encryption": KeyManagement.ECDH_ES_A128KW,
    "openid.id_token_content_encryption": ContentEncryption.A128CBC_HS256,
    "openid.policy": "policy",
    "openid.pairwise": True,
    "openid.sector_identifier_uri": "https://app.example/sector",
    "openid.userinfo_algorithm": SigningAlgorithm.NONE,
    "openid.userinfo_encryption": KeyManagement.RSA_OAEP,
    "openid.userinfo_content_encryption": ContentEncryption.A192CBC_HS384,
    "openid.supported": False,
    "openid.user_info_in_access_token": UserInfoOption.INCLUDE,
    "logout.session_revocation_api": True,
    "logout.session_management_api": True,
    "logout.mode": LogoutMode.OIDC_BACK_CHANNEL,
    "logout.ping_access_capable": True,
    "logout.uris": ("https://app.example/logout",),
    "logout.back_channel_uri": "https://app.example/back-channel",
    "logout.front_channel_session_required": True,
    "logout.back_channel_session_required": True,
    "device.setting_type": TwoWay.OVERRIDE,
    "device.user_authorization_url": "https://app.example/device",
    "device.pending_timeout": 60,
    "device.polling_interval": 2,
    "device.bypass_confirmation": False,
    "ciba.delivery_mode": DeliveryMode.PING,
    "ciba.notification_endpoint": "https://app.example/ping",
    "ciba.polling_interval": 7,
    "ciba.policy": "ciba",
    "ciba.user_code_supported": True,
    "ciba.require_signed": True,
    "ciba.object_algorithm": SigningAlgorithm.ES512,
    "token_exchange.policy": "exchange",
    "introspection.algorithm": SigningAlgorithm.RS512,
    "introspection.encryption": KeyManagement.ECDH_ES,
    "introspection.content_encryption": ContentEncryption.A192GCM,
    "jarm.algorithm": SigningAlgorithm.ES384,
    "jarm.encryption": KeyManagement.RSA_OAEP,
    "jarm.content_encryption": ContentEncryption.A128GCM,
    "extended.parameters": Properties({"Contact": ("J. Smith",), "Phones": ("1", "2")}),
    "portal.runtime_id": "version-1",
    "portal.client_type": PortalClientType.CONFIDENTIAL,
    "portal.sub_title": "1.0",
    "portal.app_uri": "https://app.example/",
    "portal.legal_disclaimer": "No warranty.",
    "portal.logo_picture_id": 7,
    "portal.token_type": PortalTokenType.JWT,
}
"""A value that is not the default, for every setting that can be written in some dialect."""

FULL: Client = CLIENT_SETTINGS.with_values(Client(), VALUES)

CONFIDENTIAL: Client = CLIENT_SETTINGS.with_values(
    Client(),
    {
        "identity.client_id": "web",
        "identity.name": "Web",
        "authentication.method": ClientAuth.SECRET,
        "authentication.secret": NewSecret(Secret(LONG_SECRET)),
        "grants.allowed": frozenset({GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN}),
        "redirection.redirect_uris": ("https://app.example/cb",),
    },
)

FACTS = Facts(
    common_scopes=frozenset({"openid", "profile", "email", "txn:*"}),
    exclusive_scopes=frozenset({"admin"}),
    managers={"jwt": None, "reserved": frozenset({"other"})},
    default_manager="jwt",
    policies=frozenset({"policy"}),
    request_policies={"ciba": True, "plain": False},
    default_request_policy="plain",
    processor_policies=frozenset({"exchange"}),
    detail_types=frozenset({"payment"}),
    extended_properties={"Contact": False, "Phones": True},
    token_types=frozenset({PortalTokenType.BEARER, PortalTokenType.JWT}),
)


def changed(client: Client, **values: Any) -> Client:
    """The client with settings replaced; two underscores stand for the dot."""
    return CLIENT_SETTINGS.with_values(client, {name.replace("__", "."): value for name, value in values.items()})


def reduced_to(dialect: Dialect, client: Client) -> Client:
    """What of a client the dialect can say."""
    values = {
        declared.path: declared.value_in(client)
        for declared, key in CLIENT_SETTINGS.in_dialect(dialect)
        if key.read and declared.path not in ("authentication.secret", "authentication.secondary_secrets")
    }
    return CLIENT_SETTINGS.with_values(Client(), values)


class SlowHashes:
    """Stands for argon2id where a test does not care."""

    async def hash(self, password: Secret) -> str:
        """Not a hash at all."""
        return f"slow:{password.reveal()}"

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether it was made from this password."""
        return password_hash == f"slow:{password}"


@dataclass
class HeardEvents:
    """Remembers what happened."""

    heard: list[Happening] = field(default_factory=list)
    rows: int = 0

    def record(self, event: Happening) -> None:
        """Remember."""
        self.heard.append(event)

    def evidence(self, event: Happening) -> AddAudit:
        """Make a row."""
        self.rows += 1
        return AddAudit(
            AuditRecord(
                id=str(self.rows),
                time=0,
                name=event.name,
                client_id=event.client_id,
                subject=event.subject,
                document=msgspec.json.encode({"v": 1}),
            )
        )


def keeper() -> SecretKeeper:
    """A keeper with keys of its own."""
    return SecretKeeper(Vault(KEY_FILE), SlowHashes())


def registry(stores: MemoryStores | None = None, **more: Any) -> ClientRegistry:
    """A registry over memory."""
    return ClientRegistry(
        stores=stores or MemoryStores(),
        clock=more.pop("clock", None) or ManualClock(),
        events=more.pop("events", None) or HeardEvents(),
        secrets=more.pop("secrets", None) or keeper(),
        facts=more.pop("facts", FACTS),
        **more,
    )

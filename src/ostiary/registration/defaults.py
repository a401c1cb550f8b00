"""What is copied into a client that registers itself, for all that its metadata cannot or did not say (S115–S153)."""

from typing import Any

from ostiary.clients.client import CLIENT_SETTINGS, Client
from ostiary.clients.dialects.manners import ClientDraft, with_values
from ostiary.clients.rules.identity import TRUST_ANY
from ostiary.server_settings.objects import Objects
from ostiary.server_settings.settings.registration import Registration
from ostiary.words import CertificateIssuer

COPIED: tuple[tuple[str, str], ...] = (
    ("enforce_replay_prevention", "authentication.enforce_replay_prevention"),
    ("require_signed_requests", "requests.require_signed"),
    ("require_jarm", "requests.require_jarm"),
    ("require_pkce", "requests.require_pkce"),
    ("default_manager", "access_tokens.default_manager"),
    ("restrict_to_default_manager", "access_tokens.restrict_to_default"),
    ("max_lifetime", "persistent_grants.max_lifetime"),
    ("idle_timeout", "persistent_grants.idle_timeout"),
    ("rolling", "persistent_grants.rolling"),
    ("rolling_interval", "persistent_grants.rolling_interval"),
    ("rolling_grace", "persistent_grants.rolling_grace"),
    ("id_token_algorithm", "openid.id_token_algorithm"),
    ("id_token_encryption", "openid.id_token_encryption"),
    ("id_token_content_encryption", "openid.id_token_content_encryption"),
    ("policy", "openid.policy"),
    ("device_setting_type", "device.setting_type"),
    ("device_user_authorization_url", "device.user_authorization_url"),
    ("device_pending_timeout", "device.pending_timeout"),
    ("device_polling_interval", "device.polling_interval"),
    ("device_bypass_confirmation", "device.bypass_confirmation"),
    ("ciba_polling_interval", "ciba.polling_interval"),
    ("ciba_require_signed", "ciba.require_signed"),
    ("ciba_policy", "ciba.policy"),
    ("exchange_policy", "token_exchange.policy"),
    ("offline_access_required", "persistent_grants.offline_access_required"),
    ("offline_access_prompt", "persistent_grants.offline_access_prompt"),
    ("lockout_type", "identity.lockout_type"),
    ("lockout_actions", "identity.lockout_actions"),
)
"""Setting of the server → setting of the client."""
OWN_PATHS = frozenset(
    {
        "requests.require_signed",
        "requests.require_jarm",
        "requests.require_pkce",
        "openid.id_token_algorithm",
        "openid.id_token_encryption",
        "openid.id_token_content_encryption",
    }
)
"""Those that metadata can say too: the default counts when it does not."""


def with_defaults(client: Client, new: Registration, objects: Objects) -> Client:
    """Behaviour §14.3: the client with the defaults laid over it; a replacement gets them anew (settings §5.2).

    What neither metadata nor a default can say stays as administrators set it.
    """
    values: dict[str, Any] = {theirs: getattr(new, ours) for ours, theirs in COPIED}
    values["scopes.restrict"] = new.restrict_common_scopes
    values["scopes.restricted"] = new.restricted_common_scopes
    values["scopes.exclusive"] = new.allowed_exclusive_scopes
    values["authentication.certificate_issuer_dn"] = certificate_issuer(new, objects)
    if new.retain_client_secret:
        values["authentication.secret_retention"] = new.secret_retention
    return CLIENT_SETTINGS.with_values(client, values)


def completed(draft: ClientDraft, base: Client) -> ClientDraft:
    """The draft with the defaults of what metadata could have said and did not."""
    absent = {path for path in OWN_PATHS if path not in draft.sent}
    if "openid.id_token_encryption" in draft.sent:
        absent.discard("openid.id_token_content_encryption")  # it goes with the algorithm that was asked for
    return with_values(draft, {path: CLIENT_SETTINGS.by_path[path].value_in(base) for path in absent})


def certificate_issuer(new: Registration, objects: Objects) -> str | None:
    """S127, S128 → C028: which authority must have issued the client's certificate; None: no certificate will do."""
    if new.certificate_issuer_type is CertificateIssuer.TRUST_ANY:
        return TRUST_ANY
    authority = objects.certificate_authorities.get(new.certificate_issuer or "")
    if new.certificate_issuer_type is CertificateIssuer.NONE or authority is None:
        return None
    from cryptography.x509 import load_pem_x509_certificate  # only where certificates are asked for

    try:
        return load_pem_x509_certificate(authority.pem.encode()).subject.rfc4514_string()
    except ValueError:
        return None

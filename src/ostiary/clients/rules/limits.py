"""Lifetimes, intervals and what overrides the server."""

from collections.abc import Iterator

from ostiary.clients.client import Client
from ostiary.declare import Problem
from ostiary.server_settings.facts import Facts
from ostiary.words import DeliveryMode, GrantType, ThreeWay, YesNo

_BESIDE = "is required beside OVERRIDE_SERVER_DEFAULT"


def overrides_have_values(client: Client, facts: Facts) -> Iterator[Problem]:
    """V14: who overrides the server says by what. Values beside another type are kept without effect."""
    own = client.persistent_grants
    for field, lifetime in (
        ("persistent_grants.max_lifetime", own.max_lifetime),
        ("persistent_grants.idle_timeout", own.idle_timeout),
    ):
        if lifetime.type is ThreeWay.OVERRIDE and lifetime.amount < 1 and not lifetime.endless:
            yield Problem(f"{field}.amount", f"must be at least 1 and {_BESIDE}")
    interval = own.rolling_interval
    if interval.overrides and (interval.value is None or interval.value.amount < 0):
        yield Problem("persistent_grants.rolling_interval.value", _BESIDE)
    for field, override in (
        ("persistent_grants.rolling_grace", own.rolling_grace),
        ("authentication.secret_retention", client.authentication.secret_retention),
        ("access_tokens.lifetime", client.access_tokens.lifetime),
    ):
        if override.overrides and override.value is None:
            yield Problem(f"{field}.value", _BESIDE)


def ciba_is_complete(client: Client, facts: Facts) -> Iterator[Problem]:
    """V15, V17: what CIBA clients must have, and others must not."""
    if GrantType.CIBA not in client.grants.allowed:
        yield from _ciba_is_at_rest(client)
        return
    if client.ciba.polling_interval == 0:
        yield Problem("ciba.polling_interval", "must be between 1 and 3600")
    if client.ciba.mode is DeliveryMode.PING and not client.ciba.notification_endpoint:
        yield Problem("ciba.notification_endpoint", "is required for the delivery mode ping")
    if client.ciba.user_code_supported:
        policy = client.ciba.policy or facts.default_request_policy
        if not facts.request_policies.get(policy, True):
            yield Problem("ciba.user_code_supported", "the CIBA request policy cannot check user codes")


def _ciba_is_at_rest(client: Client) -> Iterator[Problem]:
    """Empty, false and default values are no offence: tools send them for every client."""
    own = client.ciba
    sent = (
        ("ciba.delivery_mode", own.delivery_mode not in (None, DeliveryMode.POLL)),
        ("ciba.notification_endpoint", bool(own.notification_endpoint)),
        ("ciba.polling_interval", own.polling_interval not in (None, 0, 3)),
        ("ciba.policy", own.policy is not None),
        ("ciba.user_code_supported", bool(own.user_code_supported)),
        ("ciba.require_signed", bool(own.require_signed)),
        ("ciba.object_algorithm", own.object_algorithm is not None),
    )
    for field, is_set in sent:
        if is_set:
            yield Problem(field, "is possible with the grant type CIBA only")


def consent_prompt_has_an_effect(client: Client, facts: Facts) -> Iterator[Problem]:
    """V22: asking for consent means nothing unless offline_access is required."""
    own = client.persistent_grants
    if own.offline_access_prompt is YesNo.YES and own.offline_access_required is not YesNo.YES:
        yield Problem(
            "persistent_grants.offline_access_prompt",
            "has no effect unless offline_access is required to issue refresh tokens",
            warning=True,
        )

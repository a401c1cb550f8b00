"""Every rule between the settings of a client, by its number.

V02 (the id is free, and never changes) needs the store, so the registry asks it. V16 and most of V15 and V23 are said
by the kinds of the settings; V20 and V25 refuse nothing.
"""

from collections.abc import Callable, Iterator

from ostiary.clients.client import Client
from ostiary.clients.rules import identity, limits, protection, redirection, references
from ostiary.declare import Problem
from ostiary.server_settings.facts import Facts

Rule = Callable[[Client, Facts], Iterator[Problem]]

RULES: tuple[tuple[str, Rule], ...] = (
    ("V01", identity.client_is_named),
    ("V03", identity.method_has_what_it_needs),
    ("V04", identity.public_clients_cannot_do_this),
    ("V05", redirection.browser_grants_have_redirect_uris),
    ("V06", redirection.redirect_uris_are_good),
    ("V07", identity.keys_are_given_once),
    ("V08", identity.signed_requests_have_keys),
    ("V09", protection.encryption_has_its_key),
    ("V09", identity.secrets_are_long_enough),
    ("V10", protection.encryption_is_complete),
    ("V11", protection.response_types_fit_grants),
    ("V12", references.scopes_exist),
    ("V13", redirection.redirectless_mode_is_complete),
    ("V14", limits.overrides_have_values),
    ("V14", identity.lockout_is_complete),
    ("V17", limits.ciba_is_complete),
    ("V18", redirection.sector_fits_pairwise),
    ("V19", references.references_exist),
    ("V21", references.extended_properties_are_defined),
    ("V22", limits.consent_prompt_has_an_effect),
    ("V23", identity.assertion_algorithm_fits),
    ("V23", protection.none_signs_where_it_may),
    ("V24", redirection.back_channel_has_its_uri),
)


def check(client: Client, facts: Facts) -> tuple[Problem, ...]:
    """Every problem of the client, errors and warnings, each signed by its rule."""
    return tuple(problem.by(number) for number, rule in RULES for problem in rule(client, facts))

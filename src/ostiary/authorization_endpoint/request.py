"""An authorization request, parsed once. Judging it is the business of `checks`."""

import re
from typing import Self

import msgspec

from ostiary.authorization_endpoint.claims_parameter import ClaimsRequest, read_claims
from ostiary.errors import InvalidRequest, InvalidScope
from ostiary.parameters import Parameters
from ostiary.users.authentication import Prompt

MOST_MAX_AGE_SECONDS = 10**10
_DIGITS = re.compile(r"[0-9]{1,18}")
_SCOPE_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")


class AuthorizationRequest(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 6749 §4.1.1 and OpenID Connect Core §3.1.2.1. None: the parameter was not sent."""

    client_id: str
    response_type: str | None
    response_mode: str | None
    redirect_uri: str | None
    """As sent; the code exchange must repeat exactly this (RFC 6749 §4.1.3)."""
    scopes: tuple[str, ...]
    """In the order asked for, each once; empty: the default scope."""
    state: str | None
    nonce: str | None
    code_challenge: str | None
    code_challenge_method: str | None
    prompt: frozenset[Prompt]
    max_age_seconds: int | None
    id_token_hint: str | None
    login_hint: str | None
    ui_locales: str | None
    acr_values: tuple[str, ...]
    claims: ClaimsRequest
    claims_text: str | None
    """The parameter as it came."""
    validator: str | None
    """The authentication source chosen by ``idp`` or ``pfidpadapterid``."""
    parameters: Parameters

    @classmethod
    def parse(cls, parameters: Parameters) -> Self:
        """Read the parameters; raises `InvalidRequest` for values that mean nothing. Unknown ones are ignored."""
        claims = parameters.get("claims")
        return cls(
            client_id=parameters.require("client_id"),
            response_type=parameters.get("response_type"),
            response_mode=parameters.get("response_mode"),
            redirect_uri=parameters.get("redirect_uri"),
            scopes=read_scopes(parameters.get("scope")),
            state=parameters.get("state"),
            nonce=parameters.get("nonce"),
            code_challenge=parameters.get("code_challenge"),
            code_challenge_method=parameters.get("code_challenge_method"),
            prompt=read_prompt(parameters.get("prompt")),
            max_age_seconds=read_max_age(parameters.get("max_age")),
            id_token_hint=parameters.get("id_token_hint"),
            login_hint=parameters.get("login_hint"),
            ui_locales=parameters.get("ui_locales"),
            acr_values=tuple((parameters.get("acr_values") or "").split()),
            claims=read_claims(claims),
            claims_text=claims,
            validator=parameters.get("idp") or parameters.get("pfidpadapterid"),
            parameters=parameters,
        )


def read_scopes(text: str | None) -> tuple[str, ...]:
    """RFC 6749 §3.3: scope tokens between spaces; raises `InvalidScope` for characters that no scope has."""
    scopes = tuple(dict.fromkeys((text or "").split(" ")))
    for scope in scopes:
        if scope and not _SCOPE_TOKEN.fullmatch(scope):
            raise InvalidScope("scope holds characters that are not allowed in it")
    return tuple(scope for scope in scopes if scope)


def read_prompt(text: str | None) -> frozenset[Prompt]:
    """Core §3.1.2.1: raises `InvalidRequest` for unknown values, and for ``none`` beside another."""
    words = (text or "").split()
    try:
        prompt = frozenset(Prompt(word) for word in words)
    except ValueError:
        raise InvalidRequest("prompt knows none, login, consent and select_account") from None
    if Prompt.NONE in prompt and len(prompt) > 1:
        raise InvalidRequest("prompt=none cannot stand beside other values")
    return prompt


def read_max_age(text: str | None) -> int | None:
    """Core §3.1.2.1: whole seconds."""
    if text is None:
        return None
    if not _DIGITS.fullmatch(text):
        raise InvalidRequest("max_age must be a number of seconds")
    return min(int(text), MOST_MAX_AGE_SECONDS)

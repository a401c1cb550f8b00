"""From a request to a code: what is asked on the way, and what is bound to the code (threat T-09)."""

import json

import pytest

from ostiary.ports.changes import AddGrant
from ostiary.ports.clock import DAY, MINUTE, SECOND
from ostiary.ports.records import GrantRecord
from ostiary.proofs.pkce import Challenge, Method
from ostiary.server_settings.scopes import Scope, ScopeGroup
from ostiary.tokens import id_tokens, persistent_grants
from ostiary.tokens.people import find_person
from ostiary.users.authentication import PASSWORD_CONTEXTS
from ostiary.words import GrantType
from tests.authorization_endpoint.browser import (
    CALLBACK,
    CHALLENGE,
    ISSUER,
    Browser,
    Place,
    answer_in,
    client,
    form_in,
    header,
    is_consent,
    is_sign_on,
    location,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def place() -> Place:
    return await Place.build()


@pytest.fixture
async def bypassing(place: Place) -> Place:
    """The same place, where consent is assumed."""
    await place.change_client(redirection__bypass_approval=True)
    return place


# The whole way --------------------------------------------------------------------------------------------------------


async def test_a_person_signs_on_approves_and_is_sent_back_with_a_code(place: Place) -> None:
    browser = Browser(place)
    sign_on = await browser.authorize(nonce="n" * 384)
    assert is_sign_on(sign_on)
    approval = await browser.sign_on(sign_on)
    assert is_consent(approval)
    reply = await browser.allow(approval)
    assert reply.status == 303
    assert "no-store" in (header(reply, b"cache-control") or "")
    assert header(reply, b"referrer-policy") == "no-referrer"
    answer = answer_in(reply)
    assert set(answer) == {"code", "state", "iss"}
    assert (answer["state"], answer["iss"]) == ("xyz", ISSUER)
    code = await place.code_in(reply)
    assert code.scope == ("openid", "profile", "email")
    assert (code.user_key, code.username, code.validator) == ("mara", "mara", "users")
    assert (code.redirect_uri, code.redirect_uri_sent) == (CALLBACK, True)
    assert code.challenge == Challenge(CHALLENGE, Method.S256)
    assert (code.nonce, code.state, code.issuer) == ("n" * 384, "xyz", ISSUER)
    assert code.authenticated_at == place.clock.now()
    assert code.acr == PASSWORD_CONTEXTS[0]
    assert code.session
    assert code.manager == "reference"
    assert not code.consent_prompted


async def test_the_events_of_a_walk_are_recorded_and_decisions_are_evidence(place: Place) -> None:
    await Browser(place).walk()
    names = place.events.names
    assert names == [
        "person.asked_to_sign_on",
        "person.signed_on",
        "session.created",
        "consent.decided",
        "authorization.answered",
    ]
    kept = {record.name for record in await place.server.stores.audit(client_id="shop")}
    assert kept == {"person.signed_on", "consent.decided"}


async def test_a_session_is_told_of_when_it_is_created_when_it_answers_and_when_another_ends_it(
    bypassing: Place,
) -> None:
    browser = Browser(bypassing)
    await browser.walk()
    (created,) = bypassing.happened("session.created")
    assert (created.subject, created.client_id, created.validator) == ("mara", "shop", "users")
    assert bypassing.happened("session.used") == []
    await browser.authorize()
    (used,) = bypassing.happened("session.used")
    assert (used.subject, used.session) == ("mara", created.session)
    await browser.walk(prompt="login")
    assert [event.session for event in bypassing.happened("session.deleted")] == [created.session]
    assert len(bypassing.happened("session.created")) == 2


async def test_who_is_asked_to_sign_on_is_in_progress(place: Place) -> None:
    await Browser(place).authorize()
    (asked,) = place.happened("person.asked_to_sign_on")
    assert (asked.client_id, asked.subject, asked.outcome) == ("shop", "", "inprogress")
    assert asked.reason


async def test_the_answer_can_come_by_form_and_by_fragment(bypassing: Place) -> None:
    browser = Browser(bypassing)
    reply = await browser.walk(response_mode="form_post")
    assert reply.status == 200
    assert form_in(reply).action == CALLBACK
    assert set(answer_in(reply)) == {"code", "state", "iss"}
    reply = await browser.authorize(response_mode="fragment")
    assert location(reply).startswith(CALLBACK + "#code=")


async def test_a_session_answers_the_next_request_without_a_page(bypassing: Place) -> None:
    browser = Browser(bypassing)
    first = await bypassing.code_in(await browser.walk())
    bypassing.clock.advance(seconds=90)
    reply = await browser.authorize()
    assert reply.status == 302
    second = await bypassing.code_in(reply)
    assert second.authenticated_at == first.authenticated_at
    assert second.session == first.session


async def test_another_browser_has_no_part_in_the_session(bypassing: Place) -> None:
    await Browser(bypassing).walk()
    assert is_sign_on(await Browser(bypassing).authorize())


async def test_the_default_scope_needs_an_approval_too(place: Place) -> None:
    browser = Browser(place)
    page = await browser.sign_on(await browser.authorize(scope=""))
    assert is_consent(page)
    assert form_in(page).boxes == {}
    assert (await place.code_in(await browser.allow(page))).scope == ()


async def test_a_request_that_waits_sees_what_was_switched_off_meanwhile(place: Place) -> None:
    browser = Browser(place)
    sign_on = await browser.authorize()
    await place.change_client(identity__enabled=False)
    reply = await browser.sign_on(sign_on)
    assert reply.status == 400
    assert header(reply, b"location") is None

    await place.change_client(identity__enabled=True)
    approval = await browser.authorize()
    await place.change_client(grants__allowed=frozenset({GrantType.CLIENT_CREDENTIALS}))
    assert answer_in(await browser.allow(approval))["error"] == "unauthorized_client"


async def test_a_person_who_is_removed_or_disabled_is_not_signed_on_any_more(bypassing: Place) -> None:
    browser = Browser(bypassing)
    await browser.walk()
    await bypassing.remove_person("mara")
    assert is_sign_on(await browser.authorize())
    await bypassing.add_person("mara", disabled=True)
    assert is_sign_on(await browser.authorize())
    assert is_sign_on(await browser.sign_on(await browser.authorize()))


async def test_a_person_removed_while_the_approval_page_waits_gives_nothing(place: Place) -> None:
    browser = Browser(place)
    approval = await browser.sign_on(await browser.authorize())
    await place.remove_person("mara")
    assert is_sign_on(await browser.allow(approval))


async def test_parameters_that_mean_nothing_here_are_ignored(bypassing: Place) -> None:
    reply = await Browser(bypassing).walk(display="popup", claims_locales="de", foo="bar", dpop_jkt="x")
    assert "code" in answer_in(reply)


async def test_what_claims_resource_and_manager_say_goes_with_the_code(bypassing: Place) -> None:
    claims = json.dumps({"userinfo": {"name": None, "email": {"essential": True}}, "id_token": {"email": None}})
    reply = await Browser(bypassing).walk(claims=claims, access_token_manager_id="jwt")
    code = await bypassing.code_in(reply)
    assert code.userinfo_claims == ("name", "email")
    assert code.id_token_claims == ("email",)
    assert code.manager == "jwt"


# Prompts, ages and hints ----------------------------------------------------------------------------------------------


PROMPTS = [
    # prompt, signed on?, consent assumed?, the outcome
    ("", False, True, "sign-on"),
    ("", True, True, "code"),
    ("", True, False, "consent"),
    ("none", False, True, "login_required"),
    ("none", False, False, "login_required"),
    ("none", True, True, "code"),
    ("none", True, False, "consent_required"),
    ("login", False, True, "sign-on"),
    ("login", True, True, "sign-on"),
    ("login", True, False, "sign-on"),
    ("select_account", True, True, "sign-on"),
    ("consent", False, False, "sign-on"),
    ("consent", True, False, "consent"),
    ("consent", True, True, "code"),
    ("login consent", True, False, "sign-on"),
]


@pytest.mark.parametrize(("prompt", "signed_on", "assumed", "outcome"), PROMPTS)
async def test_prompt_says_what_is_shown(
    place: Place, prompt: str, signed_on: bool, assumed: bool, outcome: str
) -> None:
    await place.change_client(redirection__bypass_approval=assumed)
    browser = Browser(place)
    if signed_on:
        await browser.walk(scope="")
    reply = await browser.authorize(prompt=prompt)
    if outcome in ("sign-on", "consent"):
        assert is_sign_on(reply) == (outcome == "sign-on")
        assert is_consent(reply) == (outcome == "consent")
    else:
        answer = answer_in(reply)
        assert outcome in (answer.get("error"), *answer)


async def test_a_forced_sign_on_has_a_later_time_and_is_not_asked_for_again(bypassing: Place) -> None:
    browser = Browser(bypassing)
    first = await bypassing.code_in(await browser.walk())
    bypassing.clock.advance(seconds=5)
    second = await bypassing.code_in(await browser.walk(prompt="login"))
    assert second.authenticated_at == first.authenticated_at + 5 * SECOND
    assert second.session == first.session


async def test_a_forced_sign_on_is_followed_by_the_approval_and_then_by_the_code(place: Place) -> None:
    browser = Browser(place)
    page = await browser.sign_on(await browser.authorize(prompt="login consent", max_age="0"))
    assert is_consent(page)
    reply = await browser.allow(page)
    assert (await place.code_in(reply)).consent_prompted


@pytest.mark.parametrize(
    ("max_age", "later", "asks"), [("1", 2, True), ("10000", 2, False), ("0", 0, True), ("3", 3, False)]
)
async def test_max_age_asks_again_when_the_sign_on_is_older(
    bypassing: Place, max_age: str, later: int, asks: bool
) -> None:
    browser = Browser(bypassing)
    first = await bypassing.code_in(await browser.walk())
    bypassing.clock.advance(seconds=later)
    reply = await browser.authorize(max_age=max_age)
    assert is_sign_on(reply) == asks
    if asks:
        assert answer_in(await browser.authorize(max_age=max_age, prompt="none"))["error"] == "login_required"
        reply = await browser.sign_on(reply)
    assert (await bypassing.code_in(reply)).authenticated_at == first.authenticated_at + (later * SECOND if asks else 0)


async def test_the_clients_default_max_age_counts_where_the_request_says_nothing(bypassing: Place) -> None:
    await bypassing.change_client(requests__default_max_age=1)
    browser = Browser(bypassing)
    await browser.walk()
    bypassing.clock.advance(seconds=2)
    assert is_sign_on(await browser.authorize())
    assert "code" in answer_in(await browser.authorize(max_age="3600"))


async def test_acr_values_come_from_the_request_else_from_the_client(bypassing: Place) -> None:
    browser = Browser(bypassing)
    second = PASSWORD_CONTEXTS[1]
    await bypassing.change_client(requests__default_acr_values=("urn:unknown", second))
    assert (await bypassing.code_in(await browser.walk())).acr == second
    assert (await bypassing.code_in(await browser.authorize(acr_values="urn:x 1"))).acr == "1"
    claims = json.dumps({"id_token": {"acr": {"essential": True, "values": ["urn:x", PASSWORD_CONTEXTS[0]]}}})
    assert (await bypassing.code_in(await browser.authorize(claims=claims))).acr == PASSWORD_CONTEXTS[0]


async def hint_for(place: Place, username: str, client_id: str = "shop") -> str:
    person = await find_person(username, "users", username, place.server)
    shop = await place.server.clients.get(client_id)
    assert person is not None
    assert shop is not None
    return id_tokens.issue(
        id_tokens.IdTokenRequest(
            client=shop,
            person=person,
            scope=("openid",),
            grant_type=GrantType.AUTHORIZATION_CODE,
            authenticated_at=place.clock.now(),
        ),
        place.server,
    )


async def test_a_hint_of_the_signed_on_person_is_silent_and_of_another_asks(bypassing: Place) -> None:
    await bypassing.add_person("nils")
    browser = Browser(bypassing)
    await browser.walk()
    mine, other = await hint_for(bypassing, "mara"), await hint_for(bypassing, "nils")
    bypassing.clock.advance(seconds=3000)  # the hints have expired, the session has not
    assert "code" in answer_in(await browser.authorize(id_token_hint=mine, prompt="none"))
    assert answer_in(await browser.authorize(id_token_hint=other, prompt="none"))["error"] == "login_required"
    page = await browser.authorize(id_token_hint=other)
    assert is_sign_on(page)
    assert "another account" in page.body.decode()
    assert (await bypassing.code_in(await browser.sign_on(page, "nils"))).user_key == "nils"


async def test_somebody_else_than_the_hint_says_is_not_asked_for_ever(bypassing: Place) -> None:
    await bypassing.add_person("nils")
    browser = Browser(bypassing)
    page = await browser.authorize(id_token_hint=await hint_for(bypassing, "nils"))
    assert answer_in(await browser.sign_on(page, "mara"))["error"] == "login_required"


async def test_a_hint_for_another_client_or_with_another_signature_is_refused(bypassing: Place) -> None:
    await bypassing.save_client(client("other", redirection__redirect_uris=(CALLBACK,)))
    foreign = await hint_for(bypassing, "mara", "other")
    head, body, signature = (await hint_for(bypassing, "mara")).split(".")
    for hint in (foreign, f"{head}.{body}.{signature[::-1]}", f"{head}.{body}."):
        assert answer_in(await Browser(bypassing).authorize(id_token_hint=hint))["error"] == "invalid_request"


async def test_the_sub_of_the_claims_parameter_is_a_hint_too(bypassing: Place) -> None:
    browser = Browser(bypassing)
    await browser.walk()
    for name, answered in (("mara", "code"), ("nils", "error")):
        claims = json.dumps({"id_token": {"sub": {"value": name}}})
        assert answered in answer_in(await browser.authorize(claims=claims, prompt="none"))


async def test_login_hint_fills_in_the_name(place: Place) -> None:
    page = await Browser(place).authorize(login_hint="mara@example.com")
    assert form_in(page).fields["username"] == "mara@example.com"


async def test_idp_chooses_the_validator(bypassing: Place) -> None:
    browser = Browser(bypassing)
    reply = await browser.walk(idp="users")
    assert (await bypassing.code_in(reply)).validator == "users"


# Consent --------------------------------------------------------------------------------------------------------------


async def test_single_scopes_can_be_refused(place: Place) -> None:
    browser = Browser(place)
    page = await browser.sign_on(await browser.authorize())
    assert set(form_in(page).boxes.values()) == {"openid", "profile", "email"}
    assert (await place.code_in(await browser.allow(page, untick=("email",)))).scope == ("openid", "profile")


async def test_approving_nothing_at_all_is_a_refusal(place: Place) -> None:
    browser = Browser(place)
    page = await browser.sign_on(await browser.authorize())
    reply = await browser.allow(page, untick=("openid", "profile", "email"))
    assert answer_in(reply)["error"] == "access_denied"


async def test_prompt_none_never_shows_a_page_even_after_a_remembered_session(place: Place) -> None:
    browser = Browser(place)
    await browser.walk()
    assert answer_in(await browser.authorize(prompt="none"))["error"] == "consent_required"


async def test_an_approval_is_asked_for_each_time_unless_the_server_remembers(place: Place) -> None:
    browser = Browser(place)
    await browser.walk()
    assert is_consent(await browser.authorize())
    place.set(consent__bypass_for_consents=True)
    assert "code" in answer_in(await browser.authorize())
    assert "code" in answer_in(await browser.authorize(scope="openid"))
    assert is_consent(await browser.authorize(scope="openid phone"))
    assert is_consent(await browser.authorize(prompt="consent"))


async def test_a_remembered_approval_ends(place: Place) -> None:
    place.set(consent__bypass_for_consents=True, consent__lifetime_days=1, sessions__idle_timeout_minutes=9999)
    place.set(sessions__max_timeout_minutes=-1)
    browser = Browser(place)
    await browser.walk()
    place.clock.advance(milliseconds=DAY - MINUTE)
    assert "code" in answer_in(await browser.authorize())
    place.clock.advance(seconds=60)
    assert is_consent(await browser.authorize())


async def test_what_was_unticked_is_not_remembered(place: Place) -> None:
    place.set(consent__bypass_for_consents=True)
    browser = Browser(place)
    page = await browser.sign_on(await browser.authorize())
    await browser.allow(page, untick=("email",))
    assert "code" in answer_in(await browser.authorize(scope="openid profile"))
    assert is_consent(await browser.authorize())


async def grant(place: Place, scope: tuple[str, ...]) -> None:
    document = persistent_grants.PersistentGrant(
        v=1, issuer=ISSUER, username="mara", validator="users", scope=scope, context="users"
    )
    await place.server.stores.commit(
        AddGrant(
            GrantRecord(
                grant_id="g",
                client_id="shop",
                user_key="mara",
                grant_type=GrantType.AUTHORIZATION_CODE,
                created_at=place.clock.now(),
                updated_at=place.clock.now(),
                expires_at=None,
                revoked=False,
                document=persistent_grants.written(document),
            )
        )
    )


@pytest.mark.parametrize(
    ("reuse", "bypass", "scope", "asks"),
    [
        (True, True, ("openid", "profile", "email"), False),
        (True, True, ("openid", "profile"), True),
        (True, False, ("openid", "profile", "email"), True),
        (False, True, ("openid", "profile", "email"), True),
    ],
)
async def test_a_grant_given_before_is_enough_where_grants_are_reused_and_the_server_says_so(
    place: Place, reuse: bool, bypass: bool, scope: tuple[str, ...], asks: bool
) -> None:
    types = frozenset({GrantType.AUTHORIZATION_CODE}) if reuse else frozenset()
    place.set(grants__reuse=types, consent__bypass_for_grants=bypass)
    await grant(place, scope)
    browser = Browser(place)
    assert is_consent(await browser.sign_on(await browser.authorize())) == asks


async def test_the_page_shows_what_is_asked_in_words_and_groups_with_their_members(place: Place) -> None:
    place.set(
        scopes__common=(
            Scope(name="read", description="See them"),
            Scope(name="txn:*", description="One booking", dynamic=True),
        ),
        scopes__common_groups=(ScopeGroup(name="bank", description="Your accounts", scopes=("read",)),),
    )
    await place.change_client(
        identity__description="Ropes & boots",
        identity__logo_url="https://shop.example/logo.png",
        identity__client_uri="https://shop.example/",
        identity__policy_uri="javascript:alert(1)",
    )
    browser = Browser(place)
    page = await browser.sign_on(await browser.authorize(scope="openid bank txn:17"))
    html = page.body.decode()
    for text in (
        "Rope Shop",
        "Ropes &amp; boots",
        "Your accounts",
        "See them",
        "One booking",
        "txn:17",
        "shop.example",
    ):
        assert text in html
    assert "Who you are when you sign on" in html
    assert "javascript:" not in html
    policy = header(page, b"content-security-policy") or ""
    assert "img-src 'self' https: http:" in policy
    reply = await browser.allow(page, untick=("openid",))
    assert (await place.code_in(reply)).scope == ("bank", "txn:17")


async def test_pages_are_in_the_language_of_ui_locales(place: Place) -> None:
    browser = Browser(place)
    browser.headers = [(b"accept-language", b"en")]
    page = await browser.authorize(ui_locales="xx de-CH")
    assert "Benutzername" in page.body.decode()
    page = await browser.sign_on(page)
    assert "Ihre E-Mail-Adresse" in page.body.decode()
    assert header(page, b"content-language") == "de"

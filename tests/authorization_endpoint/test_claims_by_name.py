"""Claims asked for by name: only what a person was shown and approved is released (OpenID Connect Core §5.5, T-44)."""

import json
from dataclasses import replace
from typing import Any

import pytest

from ostiary.declare.kinds import Properties
from ostiary.server_settings.fulfillment import Fulfillment, Fulfillments, SourceType
from ostiary.server_settings.openid_policies import OpenIdPolicy, PolicyAttribute
from ostiary.server_settings.scopes import ScopeGroup
from ostiary.tokens.userinfo import userinfo
from ostiary.web.call import Reply
from ostiary.words import GrantType
from tests.authorization_endpoint.browser import (
    CALLBACK,
    Browser,
    Place,
    answer_in,
    form_in,
    is_consent,
)
from tests.house import change_person, redeem, refresh, segment

pytestmark = pytest.mark.anyio
PERSON = {"name": "Mara Lind", "email": "mara@example.com", "email_verified": True, "shoe_size": "42", "desk": "7b"}
EMAIL = {"userinfo": {"email": None}}
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


@pytest.fixture
async def place() -> Place:
    place = await Place.build()
    await change_person(place.server, "mara", claims=PERSON)
    return place


async def asked(browser: Browser, scope: str, claims: dict[str, Any], **more: str) -> Reply:
    """The consent page, or whatever is answered in its place."""
    reply = await browser.authorize(scope=scope, claims=json.dumps(claims), **more)
    return await browser.sign_on(reply) if reply.status == 200 and not is_consent(reply) else reply


async def tokens(place: Place, reply: Reply) -> dict[str, Any]:
    code = answer_in(reply)["code"]
    return await redeem(place.server, code, "shop", redirect_uri=CALLBACK, code_verifier=VERIFIER)


async def told(place: Place, reply: Reply) -> dict[str, Any]:
    """What UserInfo says after all, without ``sub``."""
    claims = await userinfo((await tokens(place, reply))["access_token"], place.server)
    assert isinstance(claims, dict)
    return {name: value for name, value in claims.items() if name != "sub"}


def boxes(page: Reply) -> list[str]:
    return list(form_in(page).boxes.values())


def with_policy(place: Place, change: Any) -> None:
    """Change the default policy."""
    objects = place.server.objects
    policy: OpenIdPolicy = change(objects.policies["default"])
    place.server = replace(place.server, objects=replace(objects, policies={**objects.policies, "default": policy}))


def with_attribute(policy: OpenIdPolicy, name: str, *, scope: str = "", in_user_info: bool = True) -> OpenIdPolicy:
    """The policy with one attribute more, guarded by a scope if one is named."""
    rule = Fulfillment(source_type=SourceType.PASSWORD_CREDENTIAL_VALIDATOR, value=name)
    guarded = {scope: (*policy.scope_attributes.get(scope, ()), name)} if scope else {}
    return replace(
        policy,
        attributes=(*policy.attributes, PolicyAttribute(name=name, in_user_info=in_user_info)),
        scope_attributes=Properties({**policy.scope_attributes, **guarded}),
        fulfillment=Fulfillments({**policy.fulfillment, name: rule}),
    )


# On the page ----------------------------------------------------------------------------------------------------------


async def test_a_claim_of_a_scope_that_was_unticked_is_not_released(place: Place) -> None:
    browser = Browser(place)
    page = await asked(browser, "openid email", EMAIL)
    assert boxes(page) == ["openid", "email"], "the scope says it already"
    assert await told(place, await browser.allow(page, untick=("email",))) == {}


async def test_a_claim_of_a_scope_that_was_approved_is_released_where_it_was_asked_for(place: Place) -> None:
    browser = Browser(place)
    page = await asked(browser, "openid email", {"id_token": {"email": None}})
    issued = await tokens(place, await browser.allow(page))
    assert segment(issued["id_token"], 1)["email"] == "mara@example.com"


async def test_claims_that_no_asked_scope_covers_are_shown_in_words_and_ticked_one_by_one(place: Place) -> None:
    browser = Browser(place)
    page = await asked(browser, "openid", {"userinfo": {"email": None, "name": {"essential": True}}})
    assert boxes(page) == ["openid", "email", "name"]
    text = page.body.decode()
    assert "It also asks for:" in text
    assert "Your e-mail address" in text
    assert "Your full name" in text
    assert await told(place, await browser.allow(page, untick=("email",))) == {"name": "Mara Lind"}


async def test_the_page_names_claims_in_the_language_of_the_person(place: Place) -> None:
    page = await asked(Browser(place), "openid", {"userinfo": {"name": None}}, ui_locales="de")
    text = page.body.decode()
    assert "Außerdem bittet sie um:" in text
    assert "Ihren vollen Namen" in text


async def test_claims_left_unticked_are_in_neither_place(place: Place) -> None:
    browser = Browser(place)
    page = await asked(browser, "openid", {"userinfo": {"email": None}, "id_token": {"email": None, "name": None}})
    assert boxes(page) == ["openid", "email", "name"]
    code = await place.code_in(await browser.allow(page, untick=("email",)))
    assert (code.userinfo_claims, code.id_token_claims) == ((), ("name",))


async def test_without_openid_no_claim_is_approved(place: Place) -> None:
    browser = Browser(place)
    code = await place.code_in(await browser.allow(await asked(browser, "openid phone", EMAIL), untick=("openid",)))
    assert (code.scope, code.userinfo_claims) == (("phone",), ())
    page = await asked(browser, "phone", EMAIL)
    assert boxes(page) == ["phone"]
    assert (await place.code_in(await browser.allow(page))).userinfo_claims == ()


async def test_claims_that_nobody_could_be_told_are_not_shown(place: Place) -> None:
    wild = {"<b>free money</b>": None, "sub": None, "acr": None, "auth_time": None, "iss": None, "email#de": None}
    page = await asked(Browser(place), "openid", {"userinfo": wild, "id_token": wild})
    assert boxes(page) == ["openid"]
    assert "It also asks for:" not in page.body.decode()
    assert "free money" not in page.body.decode()


async def test_a_group_that_holds_the_scope_covers_its_claims(place: Place) -> None:
    place.set(scopes__common_groups=(ScopeGroup(name="contact", description="Contact", scopes=("email", "phone")),))
    browser = Browser(place)
    page = await asked(browser, "openid contact", EMAIL)
    assert boxes(page) == ["openid", "contact"]
    assert await told(place, await browser.allow(page, untick=("contact",))) == {}
    assert "email" in await told(place, await browser.allow(await asked(browser, "openid contact", EMAIL)))


async def test_what_the_policy_releases_anyway_needs_no_box_and_what_it_holds_back_needs_one(place: Place) -> None:
    with_policy(place, lambda policy: with_attribute(with_attribute(policy, "desk"), "shoe_size", in_user_info=False))
    browser = Browser(place)
    page = await asked(browser, "openid", {"userinfo": {"desk": None, "shoe_size": None}})
    assert boxes(page) == ["openid", "shoe_size"]
    assert "shoe_size" in page.body.decode(), "a claim without words of ours is shown by its name"
    assert await told(place, await browser.allow(page, untick=("shoe_size",))) == {"desk": "7b"}


async def test_a_box_that_was_not_shown_approves_nothing(place: Place) -> None:
    browser = Browser(place)
    page = await asked(browser, "openid", {"userinfo": {"name": None}})
    form = form_in(page)
    more = {**form.fields, **form.boxes, "claim-0": "email", "claim-1": "email", "scope-1": "email", "action": "allow"}
    assert (await place.code_in(await browser.post(form.action, more))).userinfo_claims == ()


async def test_a_claim_that_is_guarded_only_since_the_page_was_shown_is_not_released(place: Place) -> None:
    with_policy(place, lambda policy: with_attribute(policy, "desk"))
    browser = Browser(place)
    page = await asked(browser, "openid", {"userinfo": {"desk": None}})
    assert boxes(page) == ["openid"]
    with_policy(place, lambda policy: replace(policy, scope_attributes=Properties({"phone": ("desk",)})))
    assert (await place.code_in(await browser.allow(page))).userinfo_claims == ()


async def test_a_client_that_bypasses_the_page_gets_the_claims_it_asks_for(place: Place) -> None:
    await place.change_client(redirection__bypass_approval=True)
    reply = await asked(Browser(place), "openid", {"userinfo": {"email": None}, "id_token": {"name": None}})
    assert await told(place, reply) == {"email": "mara@example.com"}


# What is remembered ---------------------------------------------------------------------------------------------------


async def test_a_remembered_approval_covers_only_the_claims_that_were_approved(place: Place) -> None:
    place.set(consent__bypass_for_consents=True)
    browser = Browser(place)
    await browser.allow(await asked(browser, "openid", {"userinfo": {"name": None}}))
    assert "name" in await told(place, await asked(browser, "openid", {"userinfo": {"name": None}}))
    assert "code" in answer_in(await browser.authorize(scope="openid"))
    page = await asked(browser, "openid", {"userinfo": {"name": None, "email": None}})
    assert is_consent(page)
    silent = await asked(browser, "openid", EMAIL, prompt="none")
    assert answer_in(silent)["error"] == "consent_required"


async def test_an_approval_of_scopes_alone_covers_no_claims(place: Place) -> None:
    place.set(consent__bypass_for_consents=True)
    browser = Browser(place)
    await browser.walk(scope="openid")
    assert answer_in(await asked(browser, "openid", EMAIL, prompt="none"))["error"] == "consent_required"
    assert is_consent(await asked(browser, "openid", EMAIL))


async def test_a_claim_that_was_unticked_is_taken_back(place: Place) -> None:
    place.set(consent__bypass_for_consents=True)
    browser = Browser(place)
    await browser.allow(await asked(browser, "openid", EMAIL))
    assert not is_consent(await asked(browser, "openid", EMAIL))
    await browser.allow(await asked(browser, "openid", EMAIL, prompt="consent"), untick=("email",))
    assert is_consent(await asked(browser, "openid", EMAIL))


async def test_a_scope_that_was_unticked_takes_its_claims_back(place: Place) -> None:
    place.set(consent__bypass_for_consents=True)
    browser = Browser(place)
    await browser.allow(await asked(browser, "openid", EMAIL))
    page = await browser.authorize(scope="openid email")
    await browser.allow(page, untick=("email",))
    assert is_consent(await asked(browser, "openid", EMAIL))


async def test_a_grant_covers_only_the_claims_it_was_given_with(place: Place) -> None:
    place.set(grants__reuse=frozenset({GrantType.AUTHORIZATION_CODE}), consent__bypass_for_grants=True)
    browser = Browser(place)
    issued = await tokens(place, await browser.allow(await asked(browser, "openid", {"userinfo": {"name": None}})))
    assert is_consent(await asked(browser, "openid", EMAIL))
    assert answer_in(await asked(browser, "openid", EMAIL, prompt="none"))["error"] == "consent_required"
    assert "name" in await told(place, await asked(browser, "openid", {"userinfo": {"name": None}}))
    again = await refresh(place.server, issued["refresh_token"], "shop")
    claims = await userinfo(again["access_token"], place.server)
    assert claims == {"sub": "mara", "name": "Mara Lind"}

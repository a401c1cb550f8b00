"""Whose form it is: fixation, forgery, replay, other browsers, other sessions (threats T-43, T-44, T-45)."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace

import pytest

from ostiary.limits import LIMITS
from ostiary.pages.records import Notice
from ostiary.pages.render import Pages
from ostiary.ports.clock import MINUTE
from ostiary.ports.stores import StoreUnavailable
from ostiary.sessions.session import TOUCH_MS
from ostiary.tokens.handles import key_of
from ostiary.users.flow import LIFETIME_MS
from ostiary.web import pages
from ostiary.web.call import Call
from tests.authorization_endpoint.browser import (
    CALLBACK,
    Browser,
    Place,
    answer_in,
    form_in,
    header,
    is_consent,
    is_sign_on,
    location,
    set_cookies,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def place() -> Place:
    return await Place.build()


def is_stale(text: bytes, status: int) -> bool:
    return status == 400 and str(Notice.STALE_HEADLINE) in text.decode()


# The sign-on form -----------------------------------------------------------------------------------------------------


async def test_a_form_from_another_browser_signs_nobody_on(place: Place) -> None:
    attacker, victim = Browser(place), Browser(place)
    page = await attacker.authorize()
    reply = await victim.sign_on(page)
    assert is_stale(reply.body, reply.status)
    await victim.authorize()  # now it has a cookie of its own
    reply = await victim.sign_on(page)
    assert is_stale(reply.body, reply.status)
    assert "PF" not in victim.cookies
    assert not place.happened("person.signed_on")


@pytest.mark.parametrize("state", ["", "x", "AAAA", "=" * 8, "é", "A" * 100_000])
async def test_a_made_up_state_is_refused(place: Place, state: str) -> None:
    browser = Browser(place)
    await browser.authorize()
    reply = await browser.post(pages.SIGN_ON, {"state": state, "username": "mara", "password": "x"})
    assert is_stale(reply.body, reply.status)


async def test_a_state_with_one_bit_changed_is_refused(place: Place) -> None:
    browser = Browser(place)
    page = await browser.authorize()
    form = form_in(page)
    sealed = urlsafe_b64decode(form.fields["state"] + "=" * (-len(form.fields["state"]) % 4))
    for position in range(0, len(sealed), max(1, len(sealed) // 40)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        state = urlsafe_b64encode(bytes(changed)).decode().rstrip("=")
        reply = await browser.post(pages.SIGN_ON, {"state": state, "action": "cancel"})
        assert is_stale(reply.body, reply.status)
        assert header(reply, b"location") is None


async def test_the_state_of_one_page_is_no_state_of_the_other(place: Place) -> None:
    browser = Browser(place)
    sign_on = await browser.authorize()
    reply = await browser.post(pages.CONSENT, {"state": form_in(sign_on).fields["state"], "action": "allow"})
    assert is_stale(reply.body, reply.status)


async def test_the_state_of_another_issuer_is_refused(place: Place) -> None:
    elsewhere = await Place.build("https://sso.example/tenant")
    browser, other = Browser(place), Browser(elsewhere)
    other.cookies = browser.cookies
    page = await browser.authorize()
    form = form_in(page)
    reply = await other.post(pages.SIGN_ON, {**form.fields, "username": "mara", "password": "x"})
    assert is_stale(reply.body, reply.status)


@pytest.mark.parametrize(
    ("headers", "works"),
    [
        ({}, True),
        ({"origin": "https://sso.example"}, True),
        ({"origin": "https://SSO.example"}, True),
        ({"origin": "https://sso.example", "sec_fetch_site": "same-origin"}, True),
        ({"origin": "http://127.0.0.1:9031", "sec_fetch_site": "same-origin"}, True),
        ({"origin": "null"}, False),
        ({"origin": "null", "sec_fetch_site": "same-origin"}, False),
        ({"origin": "https://evil.test"}, False),
        ({"origin": "https://sso.example.evil.test"}, False),
        ({"origin": "http://sso.example"}, False),
        ({"origin": "https://sso.example:8443"}, False),
        ({"sec_fetch_site": "cross-site"}, False),
        ({"sec_fetch_site": "same-site"}, False),
        ({"sec_fetch_site": "none"}, False),
        ({"origin": "https://sso.example", "sec_fetch_site": "cross-site"}, False),
    ],
)
async def test_a_form_must_come_from_our_own_origin_as_far_as_the_browser_says(
    place: Place, headers: dict[str, str], works: bool
) -> None:
    browser = Browser(place)
    reply = await browser.sign_on(await browser.authorize(), **headers)
    assert is_consent(reply) if works else is_stale(reply.body, reply.status)
    if works:
        form = form_in(reply)
        assert "code" in answer_in(
            await browser.post(form.action, {**form.fields, **form.boxes, "action": "allow"}, **headers)
        )


async def test_a_page_that_waited_too_long_is_shown_again_and_works_then(place: Place) -> None:
    browser = Browser(place)
    page = await browser.authorize()
    place.clock.advance(milliseconds=LIFETIME_MS)
    again = await browser.sign_on(page)
    assert is_sign_on(again)
    assert str(Notice.EXPIRED) in again.body.decode()
    assert is_consent(await browser.sign_on(again))
    assert "error" in answer_in(await browser.cancel(page))


async def test_two_tabs_do_not_disturb_each_other(place: Place) -> None:
    browser = Browser(place)
    one = await browser.authorize(state="one")
    two = await browser.authorize(state="two")
    second = await browser.sign_on(two)
    assert answer_in(await browser.allow(second))["state"] == "two"
    first = await browser.sign_on(one)
    assert answer_in(await browser.allow(first))["state"] == "one"


async def test_a_wrong_password_shows_the_form_again_with_the_name(place: Place) -> None:
    browser = Browser(place)
    reply = await browser.sign_on(await browser.authorize(), password="wrong")
    assert reply.status == 200
    assert is_sign_on(reply)
    assert str(Notice.WRONG) in reply.body.decode()
    assert form_in(reply).fields["username"] == "mara"
    assert "wrong" not in form_in(reply).fields.values()
    assert is_consent(await browser.sign_on(reply))


async def test_an_unknown_name_is_answered_in_the_same_words(place: Place) -> None:
    browser = Browser(place)
    known = await browser.sign_on(await browser.authorize(), username="mara", password="wrong")
    unknown = await browser.sign_on(await browser.authorize(), username="nobody", password="wrong")

    def words(html: bytes) -> str:
        return re.sub(r'value="[^"]*"', "", html.decode())

    assert known.status == unknown.status
    assert words(known.body) == words(unknown.body)


async def test_a_form_without_a_name_or_a_password_is_shown_again(place: Place) -> None:
    browser = Browser(place)
    reply = await browser.sign_on(await browser.authorize(), password="")
    assert is_sign_on(reply)
    assert str(Notice.INCOMPLETE) in reply.body.decode()


async def test_too_many_attempts_are_answered_with_429_and_the_form(place: Place) -> None:
    browser = Browser(place)
    page = await browser.authorize()
    for _ in range(LIMITS["sign-on-account"].burst):
        page = await browser.sign_on(page, "nobody", "wrong")
    reply = await browser.sign_on(page, "nobody", "wrong")
    assert reply.status == 429
    assert header(reply, b"retry-after") == "60"
    assert str(Notice.TOO_MANY) in reply.body.decode()


@pytest.mark.parametrize(
    "payload", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' onfocus='alert(1)"]
)
async def test_what_a_client_says_of_itself_stays_text(place: Place, payload: str) -> None:
    await place.change_client(identity__name=payload, identity__description=payload)
    browser = Browser(place)
    sign_on = await browser.authorize(login_hint=payload, state=payload, nonce=payload)
    approval = await browser.sign_on(sign_on)
    for page in (sign_on, approval, await browser.authorize(client_id=payload, response_mode="form_post")):
        html = page.body.decode()
        assert payload not in html
        assert "<script" not in html
    assert answer_in(await browser.allow(approval))["state"] == payload


async def test_a_hostile_name_stays_text(place: Place) -> None:
    browser = Browser(place)
    reply = await browser.sign_on(await browser.authorize(), username='"><script>alert(1)</script>', password="x")
    assert "<script" not in reply.body.decode()


async def test_no_answer_carries_a_password_or_the_state_in_an_address(place: Place) -> None:
    browser = Browser(place)
    page = await browser.authorize()
    reply = await browser.allow(await browser.sign_on(page))
    assert "Correct-Horse" not in location(reply)
    assert form_in(page).fields["state"] not in location(reply)


# Session fixation -----------------------------------------------------------------------------------------------------


async def test_a_session_handle_that_was_there_before_is_not_the_one_after(place: Place) -> None:
    browser = Browser(place)
    browser.cookies["PF"] = "planted-by-somebody-else-000000000000"
    await browser.walk()
    first = browser.cookies["PF"]
    assert first != "planted-by-somebody-else-000000000000"
    assert len(first) >= 43
    await browser.walk(prompt="login")
    assert browser.cookies["PF"] != first
    assert await place.server.stores.session(key_of(first)) is None, "the handle before is worth nothing"


async def test_a_victim_who_signs_on_in_a_planted_session_gets_their_own(place: Place) -> None:
    await place.add_person("eve")
    attacker, victim = Browser(place), Browser(place)
    await attacker.sign_on(await attacker.authorize(), "eve")
    planted = attacker.cookies["PF"]
    victim.cookies["PF"] = planted
    await victim.walk(prompt="login", scope="openid")
    assert victim.cookies["PF"] != planted
    assert is_sign_on(await attacker.authorize())


async def test_another_person_in_the_same_browser_has_another_session_identifier(place: Place) -> None:
    await place.add_person("nils")
    await place.change_client(redirection__bypass_approval=True)
    browser = Browser(place)
    first = await place.code_in(await browser.walk())
    second = await place.code_in(await browser.sign_on(await browser.authorize(prompt="login"), "nils"))
    assert first.session != second.session
    assert (second.user_key, second.username) == ("nils", "nils")


# The consent form -----------------------------------------------------------------------------------------------------


async def test_an_approval_counts_once(place: Place) -> None:
    browser = Browser(place)
    page = await browser.sign_on(await browser.authorize())
    assert "code" in answer_in(await browser.allow(page))
    for again in (await browser.allow(page), await browser.deny(page)):
        assert is_stale(again.body, again.status)
    assert len(place.happened("authorization.answered")) == 1


async def test_more_than_was_shown_cannot_be_approved(place: Place) -> None:
    browser = Browser(place)
    page = await browser.sign_on(await browser.authorize(scope="openid"))
    form = form_in(page)
    more = {**form.fields, **form.boxes, "scope-1": "email", "scope-2": "profile", "scope": "openid email"}
    assert (await place.code_in(await browser.post(form.action, {**more, "action": "allow"}))).scope == ("openid",)


async def test_a_box_with_another_scope_in_it_approves_nothing(place: Place) -> None:
    browser = Browser(place)
    page = await browser.sign_on(await browser.authorize(scope="openid email"))
    form = form_in(page)
    swapped = {**form.fields, "scope-0": "email", "scope-1": "openid", "action": "allow"}
    assert answer_in(await browser.post(form.action, swapped))["error"] == "access_denied"


async def test_parameters_beside_the_state_change_nothing(place: Place) -> None:
    await place.change_client(redirection__redirect_uris=(CALLBACK, "https://shop.example/other"))
    browser = Browser(place)
    page = await browser.sign_on(await browser.authorize())
    form = form_in(page)
    extra = {"redirect_uri": "https://shop.example/other", "client_id": "x", "resource": "https://x.example"}
    reply = await browser.post(form.action, {**form.fields, **form.boxes, **extra, "action": "allow"})
    assert location(reply).startswith(CALLBACK)


async def test_an_approval_page_of_another_person_is_shown_anew_and_grants_nothing(place: Place) -> None:
    await place.add_person("nils")
    browser = Browser(place)
    page = await browser.sign_on(await browser.authorize())
    assert "mara" in page.body.decode()
    await browser.sign_on(await browser.authorize(prompt="login"), "nils")
    again = await browser.allow(page)
    assert is_consent(again)
    assert "nils" in again.body.decode()
    assert not place.happened("authorization.answered")
    assert (await place.code_in(await browser.allow(again))).user_key == "nils"


async def test_an_approval_page_shown_anew_is_shown_even_where_approvals_are_remembered(place: Place) -> None:
    place.set(consent__bypass_for_consents=True)
    browser = Browser(place)
    page = await browser.sign_on(await browser.authorize())
    await browser.allow(await browser.authorize())
    await browser.sign_on(await browser.authorize(prompt="login"))
    assert is_consent(await browser.allow(page, untick=("email",)))


async def test_after_signing_out_an_open_approval_page_is_worth_nothing(place: Place) -> None:
    browser = Browser(place)
    page = await browser.sign_on(await browser.authorize())
    del browser.cookies["PF"]
    assert is_sign_on(await browser.allow(page))


async def test_an_approval_page_that_is_too_old_is_shown_again_and_can_still_be_refused(place: Place) -> None:
    browser = Browser(place)
    page = await browser.sign_on(await browser.authorize())
    place.clock.advance(milliseconds=LIFETIME_MS)
    assert is_consent(await browser.allow(page))
    assert answer_in(await browser.deny(page))["error"] == "access_denied"


async def test_scopes_taken_away_while_the_page_waits_are_not_granted(place: Place) -> None:
    browser = Browser(place)
    page = await browser.sign_on(await browser.authorize())
    await place.change_client(scopes__restrict=True, scopes__restricted=("openid",))
    assert answer_in(await browser.allow(page))["error"] == "invalid_scope"


# Cookies --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("issuer", "manner"),
    [
        ("https://sso.example", "Path=/; Secure; HttpOnly; SameSite=None"),
        ("http://localhost:9031", "Path=/; HttpOnly; SameSite=Lax"),
        ("http://127.0.0.1:9031", "Path=/; HttpOnly; SameSite=Lax"),
    ],
)
async def test_cookies_follow_the_scheme_of_the_issuer(issuer: str, manner: str) -> None:
    place = await Place.build(issuer)
    browser = Browser(place)
    page = await browser.authorize()
    (flow,) = set_cookies(page)
    assert re.fullmatch(rf"PF\.FLOW=[A-Za-z0-9_-]{{43}}; {re.escape(manner)}", flow)
    (session,) = set_cookies(await browser.sign_on(page))
    assert re.fullmatch(rf"PF=[A-Za-z0-9_-]{{49}}; {re.escape(manner)}", session)


async def test_a_browser_that_has_the_flow_cookie_keeps_it(place: Place) -> None:
    browser = Browser(place)
    await browser.authorize()
    assert set_cookies(await browser.authorize()) == []


@pytest.mark.parametrize("foreign", ["", "x", "JSESSIONID-of-another-server!", "a b", "%22", "A" * 5000])
async def test_cookies_of_another_server_on_this_host_count_as_absent(place: Place, foreign: str) -> None:
    browser = Browser(place)
    browser.cookies = {"PF": foreign, "PF.FLOW": foreign, "PF.PERSISTENT": foreign}
    page = await browser.authorize()
    assert is_sign_on(page)
    assert len(browser.cookies["PF.FLOW"]) == 43
    assert is_consent(await browser.sign_on(page))


async def test_a_foreign_cookie_of_the_same_name_before_ours_hides_nothing(place: Place) -> None:
    await place.change_client(redirection__bypass_approval=True)
    browser = Browser(place)
    page = await browser.authorize()
    foreign = "A" * 49  # as long as ours, so that only the store can tell

    def beside(*names: str) -> str:
        return "; ".join(f"{name}={value}" for name in names for value in (foreign, "x", browser.cookies[name]))

    browser.headers = [(b"cookie", beside("PF.FLOW").encode())]
    own, browser.cookies = browser.cookies, {}
    assert "code" in answer_in(await browser.sign_on(page))
    browser.cookies = own | browser.cookies
    browser.headers = [(b"cookie", beside("PF", "PF.FLOW").encode())]
    own, browser.cookies = browser.cookies, {}
    assert "code" in answer_in(await browser.authorize(prompt="none"))


async def test_a_flow_goes_on_when_a_foreign_flow_cookie_appears_in_the_middle_and_when_it_goes(place: Place) -> None:
    browser = Browser(place)
    sign_on = await browser.authorize()
    own = browser.cookies["PF.FLOW"]
    browser.headers = [(b"cookie", f"PF.FLOW={'A' * 43}; PF.FLOW={own}".encode())]
    approval = await browser.sign_on(sign_on)
    assert is_consent(approval)
    browser.headers = []
    assert "code" in answer_in(await browser.allow(approval))


async def test_of_many_cookies_of_one_name_only_the_first_few_are_tried(place: Place) -> None:
    await place.change_client(redirection__bypass_approval=True)
    browser = Browser(place)
    await browser.walk()
    own = browser.cookies.pop("PF")
    browser.headers = [(b"cookie", f"PF=a; PF=b; PF=c; PF={own}".encode())]
    assert "code" in answer_in(await browser.authorize(prompt="none"))
    browser.headers = [(b"cookie", f"PF=a; PF=b; PF=c; PF=d; PF={own}".encode())]
    assert answer_in(await browser.authorize(prompt="none"))["error"] == "login_required"


async def test_a_redirect_without_a_page_sets_no_cookie(place: Place) -> None:
    assert set_cookies(await Browser(place).authorize(prompt="none")) == []


async def test_persistent_sessions_have_a_second_cookie_that_outlives_the_browser(place: Place) -> None:
    place.set(sessions__persistent=True)
    await place.change_client(redirection__bypass_approval=True)
    browser = Browser(place)
    reply = await browser.sign_on(await browser.authorize())
    session, lasting = set_cookies(reply)
    assert "Max-Age" not in session
    assert lasting.startswith("PF.PERSISTENT=")
    assert "Max-Age=28800;" in lasting
    del browser.cookies["PF"]
    assert "code" in answer_in(await browser.authorize(prompt="none"))


async def test_without_sessions_everybody_signs_on_each_time(place: Place) -> None:
    place.set(sessions__enabled=False)
    browser = Browser(place)
    page = await browser.sign_on(await browser.authorize())
    assert is_consent(page)
    assert "PF" not in browser.cookies
    assert (await place.code_in(await browser.allow(page))).session == ""
    assert is_sign_on(await browser.authorize())


async def test_the_use_of_a_session_is_written_at_most_once_a_minute(place: Place) -> None:
    await place.change_client(redirection__bypass_approval=True)
    browser = Browser(place)
    await browser.walk()
    key = key_of(browser.cookies["PF"])
    begun = place.clock.now()

    async def last_used() -> int:
        record = await place.server.stores.session(key)
        assert record is not None
        return record.last_used_at

    place.clock.advance(milliseconds=TOUCH_MS - 1)
    await browser.authorize()
    assert await last_used() == begun
    place.clock.advance(milliseconds=1)
    await browser.authorize()
    assert await last_used() == begun + MINUTE


# Files ----------------------------------------------------------------------------------------------------------------


async def test_assets_are_kept_for_ever_and_nothing_else_is_served(place: Place) -> None:
    browser = Browser(place)
    page = (await browser.authorize()).body.decode()
    (address,) = re.findall(r'href="/assets/([^"]+\.css)"', page)
    handlers = pages.PageHandlers(Pages())

    async def get(rest: str) -> tuple[int, bytes, str | None]:
        async def receive() -> dict[str, object]:
            return {"type": "http.request"}

        call = Call(
            method="GET",
            path="/assets/x",
            raw_path=b"",
            query=b"",
            headers=[],
            source="",
            scheme="https",
            request_id="r",
            receive=receive,
            rest=rest,
        )
        reply = await handlers.asset(call, place.server)
        return reply.status, reply.content_type, header(reply, b"cache-control")

    status, content_type, cached = await get(address)
    assert (status, content_type) == (200, b"text/css; charset=utf-8")
    assert "immutable" in (cached or "")
    for wrong in ("", "..", "../base.html", "ostiary.css", "%2e%2e/x", address + "x"):
        assert (await get(wrong))[0] == 404


async def test_when_the_store_fails_while_answering_the_client_is_told_to_come_back(place: Place) -> None:
    await place.change_client(redirection__bypass_approval=True)
    browser = Browser(place)
    await browser.walk()
    stores = place.server.stores

    class Failing:
        def __getattr__(self, name: str) -> object:
            if name == "commit":
                raise StoreUnavailable("no")
            return getattr(stores, name)

    place.server = replace(place.server, stores=Failing())  # type: ignore[arg-type]
    answer = answer_in(await browser.authorize())
    assert answer["error"] == "temporarily_unavailable"

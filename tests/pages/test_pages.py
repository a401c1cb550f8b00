"""What pages say, how they say it, and what they never do."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ostiary.pages import messages
from ostiary.pages.claims import CLAIMS
from ostiary.pages.policy import content_policy
from ostiary.pages.records import (
    ClaimOnPage,
    ClientOnPage,
    ConsentPage,
    ErrorPage,
    FormPostPage,
    Notice,
    Page,
    ScopeOnPage,
    SignedOnPage,
    SignOnPage,
    web_address,
)
from ostiary.pages.render import Pages
from ostiary.server_settings.fresh import SCOPE_CLAIMS

PAGES = Pages()
TEMPLATES = Path(messages.__file__).parent / "templates"
CLIENT = ClientOnPage(
    client_id="shop",
    name="Rope Shop",
    description="Ropes for everybody",
    logo_url="https://shop.example/logo.png",
    home_url="https://shop.example/",
    policy_url="https://shop.example/privacy",
    terms_url="https://shop.example/terms",
)
SIGN_ON = SignOnPage(client=CLIENT, action="/as/authorization/sign-on", state="sealed")
CONSENT = ConsentPage(
    client=CLIENT,
    action="/as/authorization/consent",
    state="sealed",
    user="mara",
    scopes=(
        ScopeOnPage(name="profile", description="See your profile", field="scope-0"),
        ScopeOnPage(
            name="bank",
            description="Work with your accounts",
            field="scope-1",
            members=(ScopeOnPage(name="read", description="See them"), ScopeOnPage(name="pay")),
        ),
    ),
    claims=(
        ClaimOnPage(name="name", description="Your full name", field="claim-0"),
        ClaimOnPage(name="desk", field="claim-1"),
    ),
    destination="shop.example",
)
ERROR = ErrorPage(error="invalid_request", description="redirect_uri is not registered", request_id="abc-1")
FORM_POST = FormPostPage(action="https://shop.example/cb", fields=(("code", "c"), ("state", "s")))
SIGNED_ON = SignedOnPage(user="mara")
ALL: tuple[Page, ...] = (SIGN_ON, CONSENT, ERROR, FORM_POST, SIGNED_ON)
PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' autofocus onfocus='alert(1)",
    "{{ 7*7 }}{% raw %}",
    "%(client)s%s%n",
    "</title><svg/onload=alert(1)>",
    "&lt;b&gt;&#x27;",
)


class Elements(HTMLParser):
    """Every element of a page with its attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def drawn(page: Page, language: str | None = None) -> Elements:
    return Elements(PAGES.draw(page, accept_language=language).html)


# Markup ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ALL, ids=lambda page: page.template)
def test_a_page_has_a_language_a_title_one_heading_and_landmarks(page: Page) -> None:
    html = drawn(page)
    assert html.named("html")[0]["lang"] == "en"
    assert len(html.named("title")) == len(html.named("h1")) == len(html.named("main")) == 1
    assert html.named("footer")
    assert html.named("meta")[1]["name"] == "viewport"


@pytest.mark.parametrize("page", ALL, ids=lambda page: page.template)
def test_a_page_has_no_inline_style_and_no_handlers_and_loads_nothing_from_elsewhere_but_the_logo(page: Page) -> None:
    for tag, attributes in drawn(page).elements:
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        source = attributes.get("src") or (attributes.get("href") if tag == "link" else None)
        assert source is None or source.startswith("/assets/") or source == CLIENT.logo_url
    assert not drawn(page).named("style")


@pytest.mark.parametrize("page", [SIGN_ON, CONSENT], ids=lambda page: page.template)
def test_every_visible_input_has_a_label_and_every_id_is_unique(page: Page) -> None:
    html = drawn(page)
    labelled = {label["for"] for label in html.named("label")}
    for field in html.named("input"):
        assert field.get("type") == "hidden" or field["id"] in labelled
    ids = [attributes["id"] for _, attributes in html.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_password_managers_are_told_which_field_is_which() -> None:
    fields = {field["name"]: field for field in drawn(SIGN_ON).named("input")}
    assert fields["username"]["autocomplete"] == "username"
    assert fields["password"]["autocomplete"] == "current-password"
    assert fields["password"]["type"] == "password"
    assert "value" not in fields["password"]


def test_the_name_is_focused_first_and_the_password_when_the_name_is_known() -> None:
    named = SignOnPage(client=CLIENT, action="/x", state="s", username="mara")
    assert [f["name"] for f in drawn(SIGN_ON).named("input") if "autofocus" in f] == ["username"]
    assert [f["name"] for f in drawn(named).named("input") if "autofocus" in f] == ["password"]


def test_a_failed_attempt_is_announced_and_tied_to_the_fields() -> None:
    html = drawn(SignOnPage(client=CLIENT, action="/x", state="s", username="mara", problem=Notice.WRONG))
    alerts = [attributes for _, attributes in html.elements if attributes.get("role") == "alert"]
    assert [alert["id"] for alert in alerts] == ["problem"]
    fields = {field["name"]: field for field in html.named("input")}
    assert fields["password"]["aria-describedby"] == "problem"
    assert fields["username"]["value"] == "mara"
    assert str(Notice.WRONG) in "".join(html.text)


def test_cancelling_does_not_ask_the_browser_to_fill_in_the_form_first() -> None:
    (cancel,) = [button for button in drawn(SIGN_ON).named("button") if button["value"] == "cancel"]
    assert "formnovalidate" in cancel


def test_consent_shows_a_box_per_scope_and_claim_and_the_members_of_groups() -> None:
    html = drawn(CONSENT)
    boxes = [field for field in html.named("input") if field["type"] == "checkbox"]
    assert [(box["name"], box["value"]) for box in boxes] == [
        ("scope-0", "profile"),
        ("scope-1", "bank"),
        ("claim-0", "name"),
        ("claim-1", "desk"),
    ]
    assert all("checked" in box for box in boxes)
    text = " ".join("".join(html.text).split())
    for piece in (
        "See your profile",
        "Work with your accounts",
        "See them",
        "pay",
        "It also asks for: Your full name name desk You may untick",
        "mara",
        "shop.example",
        "Rope Shop",
    ):
        assert piece in text
    assert [button["value"] for button in html.named("button")] == ["allow", "deny"]
    assert "Request for Approval" in text


def test_consent_without_claims_says_nothing_of_them() -> None:
    html = drawn(replace(CONSENT, claims=()))
    assert len(html.named("fieldset")) == 1
    text = "".join(html.text)
    assert "It also asks for" not in text
    assert text.count("You may untick") == 1


def test_consent_for_the_default_scope_says_what_it_means() -> None:
    plain = ConsentPage(client=CLIENT, action="/x", state="s", user="mara", scopes=())
    described = ConsentPage(
        client=CLIENT, action="/x", state="s", user="mara", scopes=(), default_description="Look around"
    )
    assert "nothing in particular" in "".join(drawn(plain).text)
    assert "Look around" in "".join(drawn(described).text)
    assert not [field for field in drawn(plain).named("input") if field["type"] == "checkbox"]


def test_the_logo_is_72_pixels_and_its_server_learns_nothing() -> None:
    (logo,) = [image for image in drawn(CONSENT).named("img") if image["src"] == CLIENT.logo_url]
    assert (logo["width"], logo["height"], logo["referrerpolicy"], logo["alt"]) == ("72", "72", "no-referrer", "")


def test_links_of_a_client_open_elsewhere_without_a_way_back() -> None:
    for link in drawn(CONSENT).named("a"):
        assert link["target"] == "_blank"
        assert link["rel"] == "noopener noreferrer"


def test_pages_with_our_own_forms_keep_their_origin_for_us() -> None:
    def referrer(page: Page) -> list[str | None]:
        return [meta["content"] for meta in drawn(page).named("meta") if meta.get("name") == "referrer"]

    assert referrer(SIGN_ON) == referrer(CONSENT) == ["same-origin"]
    assert referrer(ERROR) == referrer(FORM_POST) == []


def test_an_error_page_names_the_error_the_description_and_the_request() -> None:
    text = "".join(drawn(ERROR).text)
    assert "invalid_request" in text
    assert "redirect_uri is not registered" in text
    assert "abc-1" in text


def test_a_form_post_sends_itself_and_has_a_button_for_browsers_without_scripts() -> None:
    html = drawn(FORM_POST)
    assert html.named("form")[0]["action"] == "https://shop.example/cb"
    assert [(f["name"], f["value"]) for f in html.named("input")] == [("code", "c"), ("state", "s")]
    assert html.named("button")
    assert FORM_POST.script in PAGES.draw(FORM_POST).html


# What others wrote is text --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("payload", PAYLOADS)
def test_texts_of_clients_people_and_requests_are_text(payload: str) -> None:
    client = ClientOnPage(client_id=payload, name=payload, description=payload, logo_url="", home_url="")
    scopes = (
        ScopeOnPage(name=payload, description=payload + " ", field="scope-0", members=(ScopeOnPage(name=payload),)),
    )
    claims = (ClaimOnPage(name=payload, description=payload + " ", field="claim-0"),)
    harmless = ClientOnPage(client_id="x", name="x")
    pairs: list[tuple[Page, Page]] = [
        (
            SignOnPage(client=client, action="/x", state=payload, username=payload),
            SignOnPage(client=harmless, action="/x", state="x", username="x"),
        ),
        (
            ConsentPage(
                client=client,
                action="/x",
                state=payload,
                user=payload,
                scopes=scopes,
                claims=claims,
                destination=payload,
            ),
            ConsentPage(
                client=ClientOnPage(client_id="x", name="x", description="x"),
                action="/x",
                state="x",
                user="x",
                scopes=(ScopeOnPage(name="x", description="x ", field="scope-0", members=(ScopeOnPage(name="x"),)),),
                claims=(ClaimOnPage(name="x", description="x ", field="claim-0"),),
                destination="x",
            ),
        ),
        (
            ErrorPage(error=payload, description=payload, request_id=payload),
            ErrorPage(error="x", description="x", request_id="x"),
        ),
        (FormPostPage(action=payload, fields=((payload, payload),)), FormPostPage(action="x", fields=(("x", "x"),))),
        (SignedOnPage(user=payload), SignedOnPage(user="x")),
    ]
    for hostile, plain in pairs:
        found, expected = drawn(hostile), drawn(plain)
        assert [tag for tag, _ in found.elements] == [tag for tag, _ in expected.elements]
        assert [set(attributes) for _, attributes in found.elements] == [set(a) for _, a in expected.elements]
        assert payload in "".join(found.text) or isinstance(hostile, FormPostPage)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "\tjavascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "//shop.example/",
        "/relative",
        "https:///nohost",
        "https://a.example/\nx",
        'https://a.example/"><script>',
        "https://[bad",
        "",
        None,
    ],
)
def test_only_web_addresses_are_linked_or_shown(url: str | None) -> None:
    assert web_address(url) == ""


def test_a_web_address_stays_as_it_is() -> None:
    assert web_address("https://shop.example/a?b=c&d=e#f") == "https://shop.example/a?b=c&d=e#f"
    assert web_address("http://localhost:8080/x") == "http://localhost:8080/x"


# Content policy -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ALL, ids=lambda page: page.template)
def test_the_policy_forbids_everything_that_a_page_does_not_need(page: Page) -> None:
    policy = dict(directive.split(" ", 1) for directive in content_policy(page).split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["style-src"] == "'self'"
    assert policy["base-uri"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in content_policy(page)
    assert ("script-src" in policy) == bool(page.script)


def test_pictures_from_elsewhere_are_allowed_only_where_a_logo_is_shown() -> None:
    plain = SignOnPage(client=ClientOnPage(client_id="x", name="x"), action="/x", state="s")
    assert "img-src 'self' https: http:" in content_policy(SIGN_ON)
    assert "img-src 'self';" in content_policy(plain)


def test_forms_may_go_nowhere_unless_their_answer_leads_to_the_client() -> None:
    assert "form-action 'none'" in content_policy(ERROR)
    assert "form-action" not in content_policy(SIGN_ON)
    assert "form-action" not in content_policy(FORM_POST)


# Languages ------------------------------------------------------------------------------------------------------------


def spoken(ui_locales: str | None, accept: str | None) -> str:
    return PAGES.languages.choose(ui_locales, accept).tag


@pytest.mark.parametrize(
    ("ui_locales", "accept", "tag"),
    [
        (None, None, "en"),
        ("de", None, "de"),
        ("de-AT", "en", "de"),
        ("DE", None, "de"),
        ("xx yy de", None, "de"),
        ("xx", "de", "de"),
        (None, "fr, de;q=0.8, en;q=0.7", "de"),
        (None, "en;q=0.3, de;q=0.9", "de"),
        (None, "de;q=0, en", "en"),
        (None, "de;q=nonsense", "en"),
        (None, "*", "en"),
        ("../../etc/passwd", "<script>", "en"),
        ("de" * 9000, "," * 9000, "en"),
    ],
)
def test_the_language_is_the_first_wished_one_that_is_spoken(
    ui_locales: str | None, accept: str | None, tag: str
) -> None:
    assert spoken(ui_locales, accept) == tag


def test_the_same_page_speaks_german() -> None:
    html = drawn(SIGN_ON, "de")
    assert html.named("html")[0]["lang"] == "de"
    text = "".join(html.text)
    assert "Benutzername" in text
    assert "Sign on" not in text


def test_the_german_catalogue_says_everything_that_pages_say_and_nothing_else() -> None:
    said = {str(notice) for notice in Notice} | set(CLAIMS.values())
    for template in TEMPLATES.glob("*.html"):
        said |= set(re.findall(r"""\bt\((?:"([^"]+)"|'[^']+')""", template.read_text(encoding="utf-8")))
        said |= set(re.findall(r"""\bt\('([^']+)'""", template.read_text(encoding="utf-8")))
    said.discard("")
    german = PAGES.languages.by_tag["de"].messages
    standing = {message for message in german if message in said}
    assert said - standing == set()
    places = re.compile(r"%\([a-z]+\)s")
    assert all(sorted(places.findall(message)) == sorted(places.findall(german[message])) for message in said)


def test_every_standard_claim_has_words() -> None:
    assert set(CLAIMS) == {claim for claims in SCOPE_CLAIMS.values() for claim in claims}
    page = replace(CONSENT, claims=(ClaimOnPage(name="name", description="Your full name"), ClaimOnPage(name="desk")))
    german = PAGES.draw(page, ui_locales="de").html
    assert "Außerdem bittet sie um:" in german
    assert "Ihren vollen Namen" in german


def test_a_claim_of_the_house_is_named_by_the_operators_catalogue(tmp_path: Path) -> None:
    (tmp_path / "fr.po").write_text(catalogue(desk="Votre bureau"), "utf-8")
    french = Pages(languages=tmp_path).draw(CONSENT, ui_locales="fr").html
    assert "Votre bureau" in french
    assert "<code>desk</code>" in french


def catalogue(**messages: str) -> str:
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    return head + "\n".join(f'msgid "{key}"\nmsgstr "{text}"\n' for key, text in messages.items())


def test_alias_keys_are_looked_up_in_the_language_of_the_person(tmp_path: Path) -> None:
    (tmp_path / "fr.po").write_text(catalogue(shop_name="La Boutique", profile_text="Voir votre profil"), "utf-8")
    (tmp_path / "en.po").write_text(catalogue(shop_name="The Shop"), "utf-8")
    pages = Pages(languages=tmp_path)
    page = ConsentPage(
        client=ClientOnPage(client_id="x", name="shop_name", description="literal"),
        action="/x",
        state="s",
        user="mara",
        scopes=(ScopeOnPage(name="profile", description="profile_text", field="scope-0"),),
    )
    french = pages.draw(page, ui_locales="fr-CA").html
    assert "La Boutique" in french
    assert "Voir votre profil" in french
    assert "literal" in french
    assert 'lang="fr"' in french
    assert "The Shop" in pages.draw(page).html
    assert "The Shop" in pages.draw(page, ui_locales="de").html, "English is what remains when a language lacks the key"


def test_a_client_that_is_called_like_a_button_keeps_its_name() -> None:
    page = SignOnPage(client=ClientOnPage(client_id="x", name="Cancel"), action="/x", state="s")
    assert "<strong>Cancel</strong>" in PAGES.draw(page, ui_locales="de").html


def test_the_operators_texts_lie_over_ours_and_are_escaped(tmp_path: Path) -> None:
    (tmp_path / "de.po").write_text(catalogue(**{"Sign on": "Einloggen <b>"}), "utf-8")
    html = Pages(languages=tmp_path).draw(SIGN_ON, ui_locales="de").html
    assert "Einloggen &lt;b&gt;" in html
    assert "Passwort" in html


def test_a_broken_catalogue_is_left_out_and_a_broken_placeholder_falls_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "fr.po").write_bytes(b'msgid "x"\nmsgstr unquoted\n\xff\xfe')
    (tmp_path / "not a tag.po").write_text(catalogue(a="b"), "utf-8")
    (tmp_path / "it.po").write_text(catalogue(**{"to continue to %(client)s": "per %(klient)s 100%"}), "utf-8")
    pages = Pages(languages=tmp_path)
    assert set(pages.languages.by_tag) == {"en", "de", "it"}
    assert "fr.po" in caplog.text
    assert "to continue to" in pages.draw(SIGN_ON, ui_locales="it").html


def test_languages_written_from_right_to_left_say_so(tmp_path: Path) -> None:
    (tmp_path / "ar.po").write_text(catalogue(**{"Sign on": "تسجيل الدخول"}), "utf-8")
    assert 'lang="ar" dir="rtl"' in Pages(languages=tmp_path).draw(SIGN_ON, ui_locales="ar").html


# Theme and assets -----------------------------------------------------------------------------------------------------


def test_a_theme_lies_over_our_templates_and_files(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "assets").mkdir()
    (tmp_path / "templates" / "error.html").write_text(
        '{% extends "base.html" %}{% block main %}<h1>Oops {{ page.error }}</h1>{% endblock %}', "utf-8"
    )
    (tmp_path / "assets" / "ostiary.css").write_text("body { color: red }", "utf-8")
    pages = Pages(theme=tmp_path)
    assert "<h1>Oops invalid_request</h1>" in pages.draw(ERROR).html
    assert pages.draw(SIGN_ON).html.count("<h1>") == 1
    (style,) = [asset for name, asset in pages.assets.items() if name.endswith(".css")]
    assert style.content == b"body { color: red }"
    pages.preload()


def test_addresses_of_assets_hold_their_digest_and_the_path_of_the_issuer() -> None:
    html = PAGES.draw(ERROR, base_path="/tenant").html
    (address,) = re.findall(r'href="/tenant/assets/(ostiary\.[0-9a-f]{12}\.css)"', html)
    assert PAGES.assets[address].content_type == "text/css; charset=utf-8"


def test_no_template_steps_around_escaping() -> None:
    for template in TEMPLATES.glob("*.html"):
        assert not re.search(r"\|\s*safe|autoescape|Markup", template.read_text(encoding="utf-8"))

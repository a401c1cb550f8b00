"""Redirect URIs: what may be registered, and what matches (behaviour §4.3, threats T-01 to T-04)."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.clients.redirect_uris import RedirectPattern, patterns_of, uri_objection
from ostiary.clients.rules.uris import check_redirect_uri
from ostiary.declare.urls import reads_alike, url_objections

LITERAL = "https://app.example.com/cb?x=1"
LOOPBACK = "http://127.0.0.1/cb"
PATTERN = "https://*.company.com/app/*"

MUTATIONS = [
    "https://app.example.com/cb",
    "https://app.example.com/cb?x=1&y=2",
    "https://app.example.com/cb?y=2&x=1",
    "https://app.example.com/CB?x=1",
    "https://app.example.com/cb/?x=1",
    "https://app.example.com/cb?x=1#f",
    "https://app.example.com/cb?x=1#",
    "https://APP.example.com/cb?x=1",
    "HTTPS://app.example.com/cb?x=1",
    "http://app.example.com/cb?x=1",
    "https://app.example.com:443/cb?x=1",
    "https://app.example.com:/cb?x=1",
    "https://app.example.com./cb?x=1",
    "https://evil.app.example.com/cb?x=1",
    "https://app.example.com.evil.test/cb?x=1",
    "https://evilapp.example.com/cb?x=1",
    "https://app.example.com@evil.test/cb?x=1",
    "https://user@app.example.com/cb?x=1",
    "https://app.example.com\\@evil.test/cb?x=1",
    "https://evil.test\\.app.example.com/cb?x=1",
    "https://app.example.com//cb?x=1",
    "https://app.example.com/./cb?x=1",
    "https://app.example.com/a/../cb?x=1",
    "https://app.example.com/..;/cb?x=1",
    "https://app.example.com/%63b?x=1",
    "https://app.example.com/%2563b?x=1",
    "https://app.example.com/cb%3Fx=1",
    "https://app.example.com/cb?x=1%00",
    "https://app.example.com/cb?x=1\n",
    "\thttps://app.example.com/cb?x=1",
    " https://app.example.com/cb?x=1",
    "https://app.example.com/cb?x=1 ",
    "//app.example.com/cb?x=1",
    "https:/app.example.com/cb?x=1",
    "https:app.example.com/cb?x=1",
    "https://аpp.example.com/cb?x=1",
    "https://xn--pp-7lc.example.com/cb?x=1",
    "https://[::1]/cb?x=1",
    "https://[::1]@evil.test/cb?x=1",
    "https://app.example.com%2f.evil.test/cb?x=1",
    "https://app.example.com%40evil.test/cb?x=1",
    "javascript://app.example.com/%0aalert(1)",
    "",
]


@pytest.mark.parametrize("uri", MUTATIONS)
def test_nothing_but_the_registered_uri_matches_a_literal_one(uri: str) -> None:
    assert not RedirectPattern.parse(LITERAL).matches(uri)


def test_the_registered_uri_matches_itself() -> None:
    for uri in (LITERAL, LOOPBACK, "com.example.app:/cb", "http://localhost:8080/cb", "https://a.example/x%2Fy"):
        assert RedirectPattern.parse(uri).matches(uri)


@pytest.mark.parametrize("port", ["", ":1", ":80", ":65535"])
def test_a_loopback_uri_without_a_port_matches_any_port(port: str) -> None:
    assert RedirectPattern.parse(LOOPBACK).matches(f"http://127.0.0.1{port}/cb")
    assert RedirectPattern.parse("http://[::1]/cb?a=1").matches(f"http://[::1]{port}/cb?a=1")


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:8080/CB",
        "http://127.0.0.1:8080/cb?x=1",
        "http://127.0.0.1:8080/cb/",
        "http://127.0.0.1:8080",
        "http://127.0.0.2:8080/cb",
        "http://127.1:8080/cb",
        "http://localhost:8080/cb",
        "http://[::1]:8080/cb",
        "https://127.0.0.1:8080/cb",
        "http://127.0.0.1:99999/cb",
        "http://127.0.0.1:/cb",
        "http://127.0.0.1:80:80/cb",
        "http://127.0.0.1:80@evil.test/cb",
        "http://127.0.0.1:80\\@evil.test/cb",
        "http://127.0.0.1:8080/cb#x",
        "http://127.0.0.1.evil.test/cb",
    ],
)
def test_only_the_port_of_a_loopback_uri_is_free(uri: str) -> None:
    assert not RedirectPattern.parse(LOOPBACK).matches(uri)


def test_a_loopback_uri_with_a_port_matches_that_port_only() -> None:
    pattern = RedirectPattern.parse("http://127.0.0.1:7777/cb")
    assert pattern.matches("http://127.0.0.1:7777/cb")
    assert not pattern.matches("http://127.0.0.1:7778/cb")


@pytest.mark.parametrize(
    "uri",
    [
        "https://a.company.com/app/",
        "https://a.company.com/app/x/y/z",
        "https://a-b_c9.company.com/app/x;y=1",
        "https://a.company.com/app/%20",
        "https://a.company.com/app/x.y",
        "https://a.company.com/app/x..y/.well-known/z...",
        "https://a.company.com/app/%C3%A4/%E2%82%AC",
    ],
)
def test_a_pattern_matches_what_its_stars_stand_for(uri: str) -> None:
    assert RedirectPattern.parse(PATTERN).matches(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "https://company.com/app/x",
        "https://.company.com/app/x",
        "https://a.b.company.com/app/x",
        "https://a.company.com.evil.test/app/x",
        "https://evil.test/.company.com/app/x",
        "https://evil.test?.company.com/app/x",
        "https://evil.test#.company.com/app/x",
        "https://evil.test\\.company.com/app/x",
        "https://evil.test%2f.company.com/app/x",
        "https://evil%2etest.company.com/app/x",
        "https://u@a.company.com/app/x",
        "https://evil.test:443.company.com/app/x",
        "https://a.company.com:8443/app/x",
        "http://a.company.com/app/x",
        "https://a.company.com/app/x?q=1",
        "https://a.company.com/app/x#f",
        "https://a.company.com/app/../secret",
        "https://a.company.com/app/..",
        "https://a.company.com/app/.",
        "https://a.company.com/app/./x",
        "https://a.company.com/app/%2e%2e/secret",
        "https://a.company.com/app/%2E./secret",
        "https://a.company.com/app/%252e%252e/secret",
        "https://a.company.com/app/%25252e%25252e/secret",
        "https://a.company.com/app/..%2fsecret",
        "https://a.company.com/app/..%5csecret",
        "https://a.company.com/app/..;/secret",
        "https://a.company.com/app/x\n",
        "https://a.company.com/app//evil.test/x",
        "https://a.company.com/app/x//y",
        "https://a.company.com/app/x/%2f/y",
        "https://a.company.com/app/%2Fevil.test",
        "https://a.company.com/app/%5cevil.test",
        "https://a.company.com/app/%252fevil.test",
        "https://a.company.com/app/%ef%bc%8fevil.test",
        "https://a.company.com/app/%ef%bc%bcevil.test",
        "https://a.company.com/app/...",
        "https://a.company.com/app/.../x",
        "https://a.company.com/app/..x",
        "https://a.company.com/app/..%20/x",
        "https://a.company.com/app/%20../x",
        "https://a.company.com/app/.%20/x",
        "https://a.company.com/app/%c0%ae%c0%ae/x",
        "https://a.company.com/app/%e0%80%af/x",
        "https://a.company.com/app/%ff",
        "https://a.company.com/app/%25c0%25ae/x",
        "https://a.company.com/app/%ef%bc%8e%ef%bc%8e/x",
        "https://a.company.com/app/%ef%bc%8e./x",
        "https://a.company.com/app/%e2%80%a5/x",
        "https://a.company.com/app/%ef%bc%85%32e%ef%bc%85%32e/x",
        "https://a.company.com/app/.%e2%80%8b./x",
        "https://a.company.com/app/%250d%250aSet-Cookie:x",
        "https://a.company.com/app/%c2%85x",
        "https://a.company.com/app/%e2%80%a8x",
        "https://*.company.com/app/x",
        "https://a.company.com/app/*",
        "https://*.company.com/app/*",
    ],
)
def test_a_star_crosses_no_border(uri: str) -> None:
    assert not RedirectPattern.parse(PATTERN).matches(uri)


@pytest.mark.parametrize(
    "uri",
    ["com.example.app://evil/x", "com.example.app:///x", "com.example.app://evil", "com.example.app:/x//y"],
)
def test_a_star_in_the_path_never_grows_a_host(uri: str) -> None:
    for registered in ("com.example.app:/*", "com.example.app:*"):
        assert not RedirectPattern.parse(registered).matches(uri)


def test_a_pattern_without_a_host_matches_uris_without_one_and_one_with_a_host_those_with_it() -> None:
    assert RedirectPattern.parse("com.example.app:/*").matches("com.example.app:/oauth/cb")
    assert RedirectPattern.parse("com.example.app://oauth/*").matches("com.example.app://oauth/cb")
    assert not RedirectPattern.parse("com.example.app://oauth/*").matches("com.example.app:/oauth/cb")


def test_a_star_that_stands_for_nothing_leaves_no_empty_segment() -> None:
    pattern = RedirectPattern.parse("https://a.company.com/app/*/cb")
    assert pattern.matches("https://a.company.com/app/x/cb")
    assert not pattern.matches("https://a.company.com/app//cb")
    assert not pattern.matches("https://a.company.com/app/x//cb")


def test_slashes_that_are_registered_may_stand_beside_those_of_a_star() -> None:
    pattern = RedirectPattern.parse("https://a.company.com//app/*")
    assert pattern.matches("https://a.company.com//app/x")
    assert not pattern.matches("https://a.company.com//app//x")


def test_a_star_may_be_part_of_a_label() -> None:
    pattern = RedirectPattern.parse("https://app-*.company.com/cb")
    assert pattern.matches("https://app-1.company.com/cb")
    assert pattern.matches("https://app-.company.com/cb")
    assert not pattern.matches("https://app.company.com/cb")


def test_a_corpus_of_hosts_and_paths_finds_no_way_around_a_pattern() -> None:
    hosts = [
        "a.company.com",
        "company.com",
        "a.b.company.com",
        "a.company.com.evil.test",
        "evil.test",
        "x@a.company.com",
    ]
    hosts += ["a.company.com:444", "A.company.com", "a.COMPANY.com", "a%2ecompany.com", "a\\.company.com", "[::1]"]
    paths = ["/app/", "/app/x", "/app", "/APP/x", "/app/../x", "/app/%2e%2e/x", "/app/x?y", "/app/x#y", "/app//x"]
    paths += ["/app/x%00", "/app/\tx", "/app/x%", "/app/x%zz"]
    schemes = ["https", "http", "HTTPS", "javascript"]
    allowed = {f"https://{host}{path}" for host in ("a.company.com", "A.company.com") for path in ("/app/", "/app/x")}
    pattern = RedirectPattern.parse(PATTERN)
    found = {f"{s}://{h}{p}" for s, h, p in product(schemes, hosts, paths) if pattern.matches(f"{s}://{h}{p}")}
    assert found == allowed


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "cb",
        "/cb",
        "//app.example/cb",
        "https://",
        "https:///cb",
        "https://app.example/cb#x",
        "https://app.example/cb#",
        "https://user@app.example/cb",
        "https://user:pw@app.example/cb",
        "http://localhost:80@evil.test/cb",
        "http://127.0.0.1:80\\@evil.test",
        "http://[::1]@evil.test",
        "https://app.example:x/cb",
        "https://app.example:99999/cb",
        "https://[::1/cb",
        "https://a b/cb",
        "https://app.example/a b",
        "https://app.example/\u202ecb",
        "https://bücher.example/cb",
        "https://app.example/%zz",
        "https://app.example/%",
        "https://app.example/%0d%0aSet-Cookie:x",
        "javascript:alert(1)",
        "JavaScript://x/%0aalert(1)",
        "java\tscript:alert(1)",
        "data:text/html,x",
        "DATA:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://app.example/1",
        "about:blank",
        "ftp://app.example/x",
        "myapp:/cb",
        "myapp://cb",
        "com.example.app:",
        "com.example.app://user@host/cb",
        "https://*/cb",
        "https://*.com/cb",
        "https://*.co.uk/cb",
        "https://*.github.io/cb",
        "https://*:443/cb",
        "https://a.*.company.com/cb",
        "https://a.company.*/cb",
        "https://**.company.com/cb",
        "https://*a*.company.com/cb",
        "https://*.company.com:*/cb",
        "*://a.company.com/cb",
        "h*s://a.company.com/cb",
        "https://a.company.com/cb?x=*",
        "https://a.company.com/../*",
        "https://a.company.com/%2e%2e/*",
        "https://*@a.company.com/cb",
        "https://*.0.0.1/cb",
        "com.example.app://*/cb",
    ],
)
def test_what_may_never_be_registered(uri: str) -> None:
    assert check_redirect_uri(uri, wildcards_allowed=True) is not None
    assert patterns_of([uri]) == ()


@pytest.mark.parametrize(
    "uri",
    [
        "https://app.example/cb",
        "https://app.example:8443/cb?x=y",
        "http://app.example/cb",
        "http://localhost:3000/cb",
        "http://127.0.0.1/cb",
        "http://[::1]:5000/cb",
        "com.example.app:/cb",
        "com.example.app://oauth/cb",
        "https://*.company.com/*",
        "https://app-*.company.co.uk/cb",
        "https://a.company.com/*/cb",
        "https://a.company.com/app/*?x=1",
    ],
)
def test_what_may_be_registered(uri: str) -> None:
    assert check_redirect_uri(uri, wildcards_allowed=True) is None


def test_wildcards_can_be_switched_off() -> None:
    assert check_redirect_uri(PATTERN, wildcards_allowed=False) is not None
    assert check_redirect_uri(LITERAL, wildcards_allowed=False) is None


@given(st.text(alphabet="htps:/@\\.?#*[]%2e0a1\t x", max_size=40))
def test_what_is_accepted_is_read_alike_by_two_parsers(tail: str) -> None:
    uri = f"https://{tail}"
    if uri_objection(uri) is None and "*" not in uri:
        assert reads_alike(uri)
        assert "@" not in uri.removeprefix("https://").partition("/")[0].partition("?")[0]
        assert RedirectPattern.parse(uri).matches(uri)


@given(st.text(max_size=60))
def test_any_text_is_judged_without_an_accident(text: str) -> None:
    RedirectPattern.parse(PATTERN).matches(text)
    check_redirect_uri(text, wildcards_allowed=True)
    list(url_objections(text))


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:,x", "ftp://a.example/", "https://u@a.example/", "x", ""])
def test_urls_in_other_settings_have_the_same_borders(url: str) -> None:
    assert list(url_objections(url))

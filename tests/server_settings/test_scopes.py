"""What a requested scope means for a client (behaviour §5)."""

import pytest

from ostiary.server_settings.scopes import Scope, ScopeBook, ScopeGroup, allowed, expand_groups, refused, within

NOTHING: frozenset[str] = frozenset()
BOOK = ScopeBook.of(
    common=(
        Scope(name="email", description="Your address"),
        Scope(name="profile"),
        Scope(name="txn:*", description="A transaction", dynamic=True),
    ),
    common_groups=(ScopeGroup(name="person", description="Who you are", scopes=("email", "profile")),),
    exclusive=(Scope(name="txn:admin"), Scope(name="txn:eu:*", dynamic=True), Scope(name="audit")),
    exclusive_groups=(ScopeGroup(name="staff", scopes=("txn:admin", "audit")),),
    default_description="The basics",
)


def may(value: str, *, restricted: set[str] | None = None, exclusive: set[str] | None = None) -> bool:
    return allowed(BOOK, value, restricted is not None, restricted or NOTHING, exclusive or NOTHING)


def test_the_default_scope_is_allowed_to_every_client() -> None:
    assert may("")
    assert may("", restricted=set())


def test_common_scopes_and_groups_are_allowed_unless_the_client_is_restricted() -> None:
    assert may("email")
    assert may("person")
    assert not may("email", restricted={"profile"})
    assert may("email", restricted={"email"})
    assert not may("person", restricted={"email", "profile"})


def test_exclusive_scopes_and_groups_are_denied_unless_listed() -> None:
    assert not may("audit")
    assert may("audit", exclusive={"audit"})
    assert not may("staff", exclusive={"audit"})
    assert may("staff", exclusive={"staff"})
    assert may("audit", restricted=set(), exclusive={"audit"})


def test_listing_a_common_scope_as_exclusive_does_not_lift_a_restriction() -> None:
    assert not may("email", restricted=set(), exclusive={"email"})
    assert not may("audit", restricted={"audit"})


def test_letter_case_matters() -> None:
    assert not may("Email")


@pytest.mark.parametrize(
    ("value", "exclusive", "expected"),
    [
        ("txn:5", NOTHING, True),
        ("txn:admin", NOTHING, False),
        ("txn:eu:7", NOTHING, False),
        ("txn:eu:7", frozenset({"txn:eu:*"}), True),
        ("txn:admin", frozenset({"txn:admin"}), True),
        ("other", NOTHING, False),
    ],
)
def test_the_example_of_the_reference_comes_out(value: str, exclusive: frozenset[str], expected: bool) -> None:
    assert allowed(BOOK, value, False, NOTHING, exclusive) is expected


def test_a_dynamic_scope_can_be_restricted_by_the_name_of_its_pattern() -> None:
    assert may("txn:5", restricted={"txn:*"})
    assert not may("txn:5", restricted={"txn:5"})


@pytest.mark.parametrize("value", ["txn:*", "txn:", "txn:eu:*", "txn:1*2", "atxn:5"])
def test_a_star_stands_for_one_character_or_more_but_never_for_a_star(value: str) -> None:
    assert not may(value, exclusive={"txn:eu:*"})


def test_on_a_tie_the_common_pattern_decides() -> None:
    book = ScopeBook.of(common=(Scope(name="ab*c", dynamic=True),), exclusive=(Scope(name="a*bc", dynamic=True),))
    assert allowed(book, "abXbc", False, NOTHING, NOTHING)
    assert not allowed(book, "abXbc", True, NOTHING, frozenset({"a*bc"}))


def test_a_pattern_may_carry_its_star_anywhere() -> None:
    book = ScopeBook.of(common=(Scope(name="*:read", dynamic=True), Scope(name="acct:*:read", dynamic=True)))
    assert allowed(book, "x:read", False, NOTHING, NOTHING)
    assert not allowed(book, ":read", False, NOTHING, NOTHING)
    assert not allowed(book, "acct:7:read", True, frozenset({"*:read"}), NOTHING)
    assert allowed(book, "acct:7:read", True, frozenset({"acct:*:read"}), NOTHING)


def test_openid_exists_undefined_and_can_be_restricted_out() -> None:
    assert may("openid")
    assert not may("openid", restricted={"email"})
    assert may("openid", restricted={"openid"})


def test_openid_is_not_matched_by_patterns_and_cannot_be_made_exclusive() -> None:
    book = ScopeBook.of(common=(Scope(name="open*", dynamic=True),), exclusive=(Scope(name="openid"),))
    assert allowed(book, "openid", False, NOTHING, NOTHING)
    assert not allowed(book, "openid", True, frozenset({"open*"}), frozenset({"openid"}))


def test_openid_does_not_exist_without_the_openid_role() -> None:
    book = ScopeBook.of(common=(Scope(name="openid"), Scope(name="open*", dynamic=True)), openid=False)
    assert not allowed(book, "openid", False, NOTHING, NOTHING)
    assert allowed(book, "openidea", False, NOTHING, NOTHING)


def test_every_refused_value_of_a_request_is_named() -> None:
    assert refused(BOOK, ("email", "x", "txn:admin"), False, NOTHING, NOTHING) == ("x", "txn:admin")


def test_groups_expand_in_order_and_each_value_comes_once() -> None:
    assert expand_groups(BOOK, ("profile", "person", "txn:5")) == ("profile", "email", "txn:5")


def test_a_granted_group_covers_its_members_and_members_cover_their_group() -> None:
    assert within(BOOK, ("email",), ("person",))
    assert within(BOOK, ("person",), ("email", "profile"))
    assert within(BOOK, (), ("email",))
    assert within(BOOK, ("",), ())
    assert not within(BOOK, ("person",), ("email",))
    assert not within(BOOK, ("txn:6",), ("txn:5",))


def test_descriptions_are_found_through_patterns_and_for_the_default_scope() -> None:
    assert BOOK.description_of("") == "The basics"
    assert BOOK.description_of("txn:5") == "A transaction"
    assert BOOK.description_of("person") == "Who you are"
    assert BOOK.description_of("nobody") == ""

"""Declaring, reading, writing, storing: on a small family of settings of the tests' own."""

from dataclasses import FrozenInstanceError, dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.declare import (
    Declaration,
    Dialect,
    Draft,
    Lifetime,
    Write,
    contains,
    describe,
    is_one_of,
    is_set,
    key,
    load,
    proposed,
    read,
    read_only,
    section,
    server_has,
    setting,
    store,
    write,
)
from ostiary.declare.conditions import all_of, any_of
from ostiary.declare.kinds import (
    Flag,
    LifetimeKind,
    OneWord,
    ReferenceKind,
    Seconds,
    Text,
    TextList,
    Url,
    WordSet,
    Writing,
)
from ostiary.words import GrantType, ThreeWay, TimeUnit, YesNo


@section("Door")
class Door:
    """Settings of a door."""

    name: str = setting(
        id="D1",
        kind=Text(at_most=10),
        default="",
        label="Name",
        help="The name.",
        admin=key("name", required=True),
        legacy="doorName",
    )
    open: bool = setting(
        kind=Flag(),
        default=False,
        label="Open",
        help="Whether it is open.",
        admin="state.open",
        legacy=key("open", keep=True),
        when_unreadable=True,
    )
    bell: str | None = setting(
        kind=Url(),
        default=None,
        label="Bell",
        help="Where it rings.",
        admin=proposed("state.bell"),
        legacy=proposed("bell"),
    )
    opened_at: int = setting(
        kind=Seconds(), default=0, label="Opened", help="When.", admin=read_only("state.openedAt", write=Write.NEVER)
    )


@section("Guests", shown_when=is_set("door.open"))
class Guests:
    """Settings of who comes in."""

    allowed: frozenset[GrantType] = setting(
        kind=WordSet(GrantType), default=frozenset(), label="Allowed", help="Who.", admin="guests"
    )
    stay: Lifetime = setting(
        kind=LifetimeKind(),
        default=Lifetime(),
        label="Stay",
        help="How long.",
        admin=key("stayType", "stayTime", "stayUnit", aliases={"stayTimeUnit": 2}),
    )
    wait: int | None = setting(
        kind=Seconds(at_least=1, at_most=5),
        default=None,
        label="Wait",
        help="How long to wait.",
        admin=key("wait", required=contains("guests.allowed", GrantType.CIBA)),
        legacy=key("wait", only_when=is_one_of("guests.hushed", YesNo.YES)),
    )
    hushed: YesNo = setting(
        kind=OneWord(YesNo),
        default=YesNo.SERVER_DEFAULT,
        label="Hushed",
        help="Quiet.",
        admin="hushed",
        legacy="hushed",
    )
    host: str | None = setting(
        kind=ReferenceKind(), default=None, label="Host", help="Who asks.", admin="host", legacy="hostId"
    )
    list: tuple[str, ...] = setting(
        kind=TextList(at_most=2),
        default=(),
        label="List",
        help="The list.",
        admin=key("list", write=Write.UNLESS_EMPTY),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A root."""

    door: Door = Door()  # noqa: RUF009 - frozen
    guests: Guests = Guests()  # noqa: RUF009 - frozen


HOUSE = Declaration(House)


def admin(body: dict[str, Any], base: House = House()) -> Draft[House]:
    return read(HOUSE, body, Dialect.ADMIN, base=base)


def test_a_section_is_a_frozen_value() -> None:
    assert Door(name="x") == Door(name="x")
    with pytest.raises(FrozenInstanceError):
        Door().name = "y"  # type: ignore[misc]


def test_reading_fills_the_sections() -> None:
    draft = admin(
        {"name": "front", "state": {"open": True}, "guests": ["CIBA"], "wait": 3, "stayType": "INDEFINITE_EXPIRY"}
    )
    assert draft.problems == ()
    assert draft.value.door == Door(name="front", open=True)
    assert draft.value.guests.stay.type is ThreeWay.INDEFINITE
    assert draft.sent == {"door.name", "door.open", "guests.allowed", "guests.wait", "guests.stay"}


def test_every_problem_is_told() -> None:
    draft = admin({"state": 5, "guests": ["CIBA", "x"], "stayTime": "long", "stayUnit": "EONS", "host": 5})
    assert [(HOUSE.name_in(Dialect.ADMIN, p.field), p.malformed) for p in draft.problems] == [
        ("name", False),
        ("state.open", True),
        ("state.bell", True),
        ("guests", True),
        ("stayTime", True),
        ("stayUnit", True),
        ("host", True),
    ]


def test_a_requirement_may_depend_on_other_settings() -> None:
    assert [p.field for p in admin({"name": "x", "guests": ["CIBA"]}).problems] == ["guests.wait"]
    assert admin({"name": "x"}).problems == ()


def test_an_alias_stands_for_its_part() -> None:
    assert admin({"name": "x", "stayTimeUnit": "HOURS"}).value.guests.stay.unit is TimeUnit.HOURS


def test_what_is_left_out_is_reset_unless_its_key_keeps_it() -> None:
    before = House(door=Door(name="old", open=True, bell="https://a.example/"), guests=Guests(host="me", list=("a",)))
    after = read(HOUSE, {"doorName": "new"}, Dialect.LEGACY, base=before).value
    assert after.door == Door(name="new", open=True, bell="https://a.example/")
    assert after.guests == Guests(list=("a",))


def test_a_key_may_count_only_under_a_condition() -> None:
    loud = read(HOUSE, {"wait": 99}, Dialect.LEGACY, base=House())
    assert loud.problems == ()
    assert loud.value.guests.wait is None
    hushed = read(HOUSE, {"wait": 99, "hushed": "yes"}, Dialect.LEGACY, base=House())
    assert [p.field for p in hushed.problems] == ["guests.wait"]


def test_unknown_members_are_reported_by_path() -> None:
    draft = admin({"name": "x", "y": 1, "state": {"z": 1, "open": None}})
    assert draft.unknown == ("y", "state.z")


def test_writing_leaves_out_what_its_key_says() -> None:
    plain = write(HOUSE, House(door=Door(name="x")), Writing(Dialect.ADMIN))
    assert plain == {
        "name": "x",
        "state": {"open": False},
        "guests": [],
        "stayType": "SERVER_DEFAULT",
        "stayTime": 0,
        "stayUnit": "DAYS",
        "hushed": "SERVER_DEFAULT",
    }
    rung = write(HOUSE, House(door=Door(bell="https://a.example/"), guests=Guests(list=("a",))), Writing(Dialect.ADMIN))
    assert rung["state"]["bell"] == "https://a.example/"
    assert rung["list"] == ["a"]


def test_the_document_holds_what_is_not_default() -> None:
    house = House(door=Door(name="x"), guests=Guests(stay=Lifetime(ThreeWay.OVERRIDE, 2, TimeUnit.HOURS)))
    document = store(HOUSE, house)
    assert document == {
        "door": {"name": "x"},
        "guests": {"stay": ["OVERRIDE_SERVER_DEFAULT", 2, "HOURS"]},
    }
    assert load(HOUSE, document) == (house, ())


def test_a_value_that_cannot_be_loaded_takes_its_safe_value() -> None:
    house, problems = load(HOUSE, {"door": {"open": "x", "name": 5}})
    assert house == House(door=Door(open=True))
    assert [p.field for p in problems] == ["door.open", "door.name"]


def test_the_declaration_describes_itself() -> None:
    rows = {row["name"]: row for row in describe(HOUSE)}
    assert rows["door.name"]["keys"]["admin"] == {"names": ["name"], "required": True}
    assert rows["door.name"]["id"] == "D1"
    assert rows["door.bell"]["keys"]["admin"]["own"]
    assert rows["guests.wait"]["keys"]["admin"]["required"] == {
        "setting": "guests.allowed",
        "contains": ["urn:openid:params:grant-type:ciba"],
    }
    assert rows["guests.wait"]["sectionShownWhen"] == {"setting": "door.open", "isSet": True}
    assert rows["guests.wait"]["maximum"] == 5
    assert rows["guests.hushed"]["enum"][0]["value"] == "SERVER_DEFAULT"
    assert rows["guests.stay"]["default"] == ["SERVER_DEFAULT", 0, "DAYS"]


def test_conditions_hold_and_describe_themselves() -> None:
    house = House(door=Door(open=True))
    is_open, quiet = is_set("door.open"), is_one_of("guests.hushed", YesNo.YES)
    assert is_open.holds(house)
    assert not quiet.holds(house)
    assert any_of(is_open, quiet).holds(house)
    assert not all_of(is_open, quiet).holds(house)
    assert server_has("roles.openid").holds(house)
    assert all_of(is_open, server_has("roles.openid")).described() == {
        "allOf": [{"setting": "door.open", "isSet": True}, {"serverSetting": "roles.openid", "is": True}]
    }


def test_changed_settings_are_named() -> None:
    assert HOUSE.changed(House(), House(door=Door(name="x"), guests=Guests(wait=2))) == ("door.name", "guests.wait")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NAMES = ["name", "state", "guests", "stayType", "stayTime", "stayUnit", "wait", "hushed", "host", "list", "doorName"]


@given(st.dictionaries(st.sampled_from(NAMES), JSON, max_size=6), st.sampled_from(list(Dialect)))
def test_no_body_causes_an_accident(body: dict[str, Any], dialect: Dialect) -> None:
    draft = read(HOUSE, body, dialect, base=House())
    if not draft.problems:
        again = read(HOUSE, write(HOUSE, draft.value, Writing(dialect)), dialect, base=draft.value)
        assert again.value == draft.value


@given(JSON)
def test_no_stored_value_causes_an_accident(value: Any) -> None:
    for declared in HOUSE.settings:
        load(HOUSE, {declared.section: {declared.name: value}})

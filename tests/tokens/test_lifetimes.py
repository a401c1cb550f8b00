"""How long retired keys are needed."""

from dataclasses import replace
from types import MappingProxyType

from ostiary.server_settings.objects import Objects
from ostiary.tokens.lifetimes import longest_signed_life_ms
from tests.house import fresh_objects, make_server


def test_the_longest_life_of_any_signed_token_counts() -> None:
    objects = fresh_objects()
    assert longest_signed_life_ms(make_server()) == 120 * 60_000
    policy = replace(objects.policies["default"], id_token_lifetime_minutes=600)
    longer = replace(objects, policies=MappingProxyType({"default": policy}))
    assert longest_signed_life_ms(make_server(objects=longer)) == 600 * 60_000


def test_where_nothing_is_signed_nothing_lives() -> None:
    assert longest_signed_life_ms(make_server(objects=Objects())) == 0

"""Which of our types a caller likes best."""

import pytest

from ostiary.web.media_types import chosen

OURS = ("application/json", "application/vnd.soa.v72+json")


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", OURS[0]),
        (" , ", OURS[0]),
        ("*/*", OURS[0]),
        ("application/*;q=0.1", OURS[0]),
        ("APPLICATION/VND.SOA.V72+JSON", OURS[1]),
        ("application/json;q=0.2, application/vnd.soa.v72+json;q=0.8", OURS[1]),
        ("*/*, application/json;q=0", OURS[1]),
        ("application/*;q=0, */*", None),
        ("text/html, application/xml", None),
        ("application/json;q=nan", None),
        ("application/json;q=x", None),
        ("application/json; charset=utf-8; q=1", OURS[0]),
        (";;,q=1", None),
        ("\xff", None),
    ],
)
def test_the_callers_wish_is_met_or_not_at_all(accept: str, expected: str | None) -> None:
    assert chosen(accept.encode("latin-1"), OURS) == expected

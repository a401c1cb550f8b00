"""Hashes of other servers are checked by their own schemes, and refused when checking them would cost too much."""

import hashlib
from base64 import b64encode

import bcrypt
import pytest
from argon2 import PasswordHasher, Type
from hypothesis import given
from hypothesis import strategies as st

from ostiary.keys.foreign_hashes import ARGON2, BCRYPT, PBKDF2, NotUsable, fits, looks_like_hash, scheme_of
from ostiary.keys.passwords import Passwords
from tests.clocks import ManualClock

SALT = b"0123456789abcdef"


def pbkdf2(secret: str, digest: str = "sha256", rounds: int = 1000, length: int = 32, said: int | None = None) -> str:
    key = hashlib.pbkdf2_hmac(digest, secret.encode(), SALT, rounds, length)
    salt, text = (b64encode(raw).decode().rstrip("=") for raw in (SALT, key))
    return f"$pbkdf2-{digest}$i={rounds},l={said or length}${salt}${text}"


def argon2(**more: int) -> str:
    chosen = {"time_cost": 1, "memory_cost": 8, "parallelism": 1, **more}
    return PasswordHasher(type=Type.I, **chosen).hash("right")


HASHES = [
    (bcrypt.hashpw(b"right", bcrypt.gensalt(4)).decode(), BCRYPT),
    (bcrypt.hashpw(b"right", bcrypt.gensalt(4)).decode().replace("$2b$", "$2a$"), BCRYPT),
    (bcrypt.hashpw(b"right", bcrypt.gensalt(4)).decode().replace("$2b$", "$2y$"), BCRYPT),
    (pbkdf2("right"), PBKDF2),
    (pbkdf2("right", "sha512", length=64), PBKDF2),
    (pbkdf2("right", "sha1", length=20), PBKDF2),
    (argon2(), ARGON2),
]


IDS = ("bcrypt 2b", "bcrypt 2a", "bcrypt 2y", "pbkdf2 sha256", "pbkdf2 sha512", "pbkdf2 sha1", "argon2i")
"""Salts are new in every process, and cannot name a test."""


@pytest.mark.anyio
@pytest.mark.parametrize(("text", "scheme"), HASHES, ids=IDS)
async def test_a_secret_is_checked_by_the_scheme_of_its_hash(text: str, scheme: str) -> None:
    assert scheme_of(text) == scheme
    assert looks_like_hash(text)
    passwords = Passwords(ManualClock(), time_cost=1, memory_kib=8)
    assert await passwords.verify(text, "right")
    assert not await passwords.verify(text, "wrong")
    assert not await passwords.verify(text, "")


def test_a_hash_that_is_known_from_elsewhere_fits() -> None:
    assert fits("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U")


def test_of_a_long_secret_bcrypt_looks_at_the_beginning() -> None:
    text = bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)).decode()
    assert fits(text, "x" * 72)
    assert fits(text, "x" * 100)
    assert not fits(text, "x" * 71)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("$2b$15$" + "a" * 53, "cost"), ("$2b$31$" + "a" * 53, "cost"), ("$2b$03$" + "a" * 53, "cost"),
        (pbkdf2("right").replace("i=1000", "i=999"), "rounds"),
        (pbkdf2("right").replace("i=1000", "i=999999999"), "rounds"),
        (pbkdf2("right", length=8), "length of the key"), (pbkdf2("right", said=16), "another length"),
        (pbkdf2("right").replace("sha256", "md5"), "is no PBKDF2 hash"), ("$pbkdf2-sha256$i=1000$!$!", "is no PBKDF2"),
        ("$argon2id$v=19$m=4194304,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$" + "A" * 43, "memory"),
        ("$argon2id$v=19$m=64,t=4000,p=1$MDEyMzQ1Njc4OWFiY2RlZg$" + "A" * 43, "passes"),
        ("$argon2id$v=19$m=64,t=1,p=200$MDEyMzQ1Njc4OWFiY2RlZg$" + "A" * 43, "lanes"),
        ("$argon2id$", "is no argon2 hash"), ("$argon2id$" + "x" * 600, "is no argon2 hash"),
        ("{SHA}abcdef", "no hash of a kind"), ("", "no hash of a kind"), ("$1$abc$def", "no hash of a kind"),
    ],
)  # fmt: skip
def test_a_hash_too_dear_too_cheap_or_unknown_is_refused_when_it_comes_in(text: str, why: str) -> None:
    with pytest.raises(NotUsable, match=why) as refused:
        scheme_of(text)
    assert not text or text not in str(refused.value)


@given(st.text(max_size=80).map(lambda rest: f"$2b${rest}") | st.text(max_size=80).map(lambda rest: f"$pbkdf2-{rest}"))
def test_junk_fits_nothing_and_breaks_nothing(text: str) -> None:
    assert not fits(text, "right")


@pytest.mark.parametrize("clear", ["a-secret", "pa$$word", "$5.00$", "12$34$56"])
def test_a_secret_in_clear_is_not_taken_for_a_hash(clear: str) -> None:
    assert not looks_like_hash(clear)

"""What names and passwords of accounts must be, wherever an account is made."""

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 1024
LONGEST_NAME = 256


class BadAccount(ValueError):
    """The name or the password cannot be used; the message says why, without the password."""


def check_username(username: str, *, for_basic: bool = False) -> None:
    """Raises `BadAccount`. `for_basic`: it is sent by HTTP Basic, where a colon ends the name (RFC 7617 §2)."""
    if not username or len(username) > LONGEST_NAME or not username.isprintable():
        raise BadAccount(f"a user name has 1 to {LONGEST_NAME} characters, none of them a control character")
    if for_basic and ":" in username:
        raise BadAccount(f"the user name {username} must not have a colon, which HTTP Basic cannot send")


def check_password(username: str, password: str) -> None:
    """S181: eight characters or more, with a digit, an upper-case and a lower-case letter. Raises `BadAccount`."""
    kinds = (str.isdigit, str.isupper, str.islower)
    if len(password) < SHORTEST_PASSWORD or not all(any(kind(c) for c in password) for kind in kinds):
        raise BadAccount(
            f"the password of {username} must have {SHORTEST_PASSWORD} characters or more,"
            " with a digit, an upper-case and a lower-case letter"
        )
    if len(password) > LONGEST_PASSWORD or "\0" in password or not _is_unicode(password):
        raise BadAccount(f"the password of {username} must be text of at most {LONGEST_PASSWORD} characters")


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)

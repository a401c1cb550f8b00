"""What an account's person is called inside: USER_KEY of grants, consents and sessions."""

from ostiary.server_settings.fresh import USERS

_SEPARATOR = "|"


def user_key(validator: str, username: str) -> str:
    """One text per account: the plain name where the first validator knows it, else the validator stands before it.

    Two validators may know the same name; that must not make them one person.
    """
    if validator == USERS and _SEPARATOR not in username:
        return username
    return f"{validator}{_SEPARATOR}{username}"

"""The one member of the client settings that holds everything about dynamic registration."""

from ostiary.declare import key, setting
from ostiary.declare.conditions import Condition
from ostiary.declare.kinds import Flag
from ostiary.declare.settings import Key

RESOURCE = "clientSettings"
MEMBER = "dynamicClientRegistration"


def named(*names: str, required: bool | Condition = False) -> Key:
    """Members of the one object that holds all of this; its absence turns registration off."""
    return key(*(f"{MEMBER}.{name}" for name in names), required=required, resource=RESOURCE)


def switch(row: str, name: str, label: str, text: str, source: str = "") -> bool:
    """A member that is true or false, and false when it is left out."""
    return setting(id=row, kind=Flag(), default=False, label=label, help=text, admin=named(name), source=source)

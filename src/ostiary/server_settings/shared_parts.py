"""Settings that several kinds of objects have alike."""

from ostiary.declare import key, setting
from ostiary.declare.kinds import Text
from ostiary.declare.settings import Write
from ostiary.server_settings.configuration import Plugin, PluginKind
from ostiary.server_settings.descriptors import Family
from ostiary.server_settings.fulfillment import Fulfillments
from ostiary.server_settings.kinds import FulfillmentKind, Id, Names, NothingYet

NO_SOURCES = "[]"
NO_CRITERIA = '{"conditionalCriteria": []}'


def object_id(help_text: str = "Cannot be changed.") -> str:
    return setting(kind=Id(), default="", label="ID", help=help_text, admin=key("id", required=True))


def object_name(*, required: bool = True) -> str:
    return setting(
        kind=Text(at_most=256),
        default="",
        label="Name",
        help="What people call it.",
        admin=key("name", required=required),
    )


def description() -> str:
    return setting(
        kind=Text(),
        default="",
        label="Description",
        help="What it is for.",
        admin=key("description", write=Write.UNLESS_EMPTY),
    )


def plugin_setting(family: Family) -> Plugin | None:
    return setting(
        kind=PluginKind(family),
        default=None,
        label="Type",
        help=f"The kind of {family}, with its configuration.",
        admin=key("pluginDescriptorRef", "configuration", required=True),
    )


def extended_attributes(text: str) -> tuple[str, ...]:
    return setting(
        kind=Names(),
        default=(),
        label="Extended Contract",
        help=text,
        admin="attributeContract.extendedAttributes",
    )


def no_sources(name: str) -> object:
    return setting(
        kind=NothingYet(NO_SOURCES),
        default=None,
        label="Attribute Sources",
        help="Data stores that are asked for more attributes.",
        admin=key(name, filled=()),
    )


def no_criteria(name: str) -> object:
    return setting(
        kind=NothingYet(NO_CRITERIA),
        default=None,
        label="Issuance Criteria",
        help="Conditions without which nothing is issued.",
        admin=key(name, filled=()),
    )


def fulfillment_setting(name: str, *, required: bool) -> Fulfillments:
    return setting(
        kind=FulfillmentKind(),
        default=Fulfillments(),
        label="Contract Fulfillment",
        help="Where each attribute comes from.",
        admin=key(name, required=required, write=Write.ALWAYS if required else Write.UNLESS_EMPTY),
    )

"""What an organisation itself wants to know of its clients."""

from ostiary.declare import key, section, server_has, setting
from ostiary.declare.kinds import Properties, PropertiesKind


@section("Extended Properties", shown_when=server_has("extended_properties.definitions"))
class Extended:
    """C165."""

    parameters: Properties = setting(
        id="C165",
        kind=PropertiesKind(),
        default=Properties(),
        label="Extended Properties",
        help="Values of the properties that the organisation has defined; pages, flows and mappings can see them.",
        admin="extendedParameters",
        legacy=key("extendedParams", aliases=("extendedParameters",)),
    )

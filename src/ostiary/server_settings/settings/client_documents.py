"""Client ID metadata documents: clients that nobody registered, whose id is the address of their metadata."""

from ostiary.declare import key, section, setting
from ostiary.declare.kinds import Flag, TextList
from ostiary.server_settings.settings.protocol import RESOURCE

DRAFT = "draft-ietf-oauth-client-id-metadata-document"


@section("Client ID Metadata Documents")
class ClientDocuments:
    """An https URL as a client id, as clients of the Model Context Protocol have it. What a replacement omits stays."""

    enabled: bool = setting(
        kind=Flag(),
        default=False,
        label="Client ID Metadata Documents",
        help="Lets an https URL be a client id: the client's metadata are fetched from there, and nothing is stored.",
        admin=key("clientIdMetadataDocuments.enabled", keep=True, resource=RESOURCE),
        source=DRAFT,
    )
    allowed_hosts: tuple[str, ...] = setting(
        kind=TextList(longest=255),
        default=(),
        label="Allowed Hosts",
        help="The hosts whose documents are read; *.example.com stands for every host below it. None given: all hosts.",
        admin=key("clientIdMetadataDocuments.allowedHosts", keep=True, resource=RESOURCE),
        source=DRAFT,
    )
    denied_hosts: tuple[str, ...] = setting(
        kind=TextList(longest=255),
        default=(),
        label="Denied Hosts",
        help="The hosts whose documents are never read.",
        admin=key("clientIdMetadataDocuments.deniedHosts", keep=True, resource=RESOURCE),
        source=DRAFT,
    )

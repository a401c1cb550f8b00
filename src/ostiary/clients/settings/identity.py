"""Who the client is, and how people see it."""

from ostiary.declare import Write, is_one_of, key, proposed, read_only, section, setting
from ostiary.declare.kinds import Date, Flag, OneWord, Text, TextList, Url, WholeNumber
from ostiary.words import ApplicationType, LockoutType, ReplicationStatus


@section("Client")
class Identity:
    """C001-C010, C170-C175."""

    client_id: str = setting(
        id="C001",
        kind=Text(at_most=256),
        default="",
        label="Client ID",
        help="The name by which the client identifies itself in every request. It cannot be changed later.",
        admin="clientId",
        legacy="clientId",
        registration=read_only("client_id"),
        portal=key("OAuthClientID", keep=True),
        source="RFC 6749 §2.2",
    )
    enabled: bool = setting(
        id="C002",
        kind=Flag(),
        default=True,
        label="Enabled",
        help="A client that is not enabled is refused everywhere. Its grants stay, and work again when it is enabled.",
        admin="enabled",
        legacy="enabled",
        when_unreadable=False,
    )
    name: str = setting(
        id="C003",
        kind=Text(),
        default="",
        label="Name",
        help="What people read when they are asked for consent, or the key of a text in the message catalogue.",
        admin="name",
        legacy="name",
        registration="client_name",
        portal="Title",
        source="RFC 7591 §2",
    )
    description: str | None = setting(
        id="C004",
        kind=Text(keeps_empty=True),
        default=None,
        label="Description",
        help="A sentence on what the client does, shown with its name; it too may be the key of a text.",
        admin="description",
        legacy="description",
        registration="client_description",
        portal="Description",
    )
    logo_url: str | None = setting(
        id="C005",
        kind=Url(keeps_empty=True),
        default=None,
        label="Logo URL",
        help="A picture of about 72 by 72 pixels, which the person's browser loads on consent and grant pages.",
        admin="logoUrl",
        legacy="logoUrl",
        registration="logo_uri",
        portal="logo_uri",
        source="RFC 7591 §2",
    )
    client_uri: str | None = setting(
        id="C006",
        kind=Url(),
        default=None,
        label="Home Page",
        help="The client's own page, linked from the consent page.",
        admin=proposed("appMetadata.clientUri"),
        legacy=proposed("appMetadata.clientUri"),
        registration="client_uri",
        portal="client_uri",
        source="RFC 7591 §2",
    )
    policy_uri: str | None = setting(
        id="C007",
        kind=Url(),
        default=None,
        label="Privacy Policy",
        help="Where the client says what it does with people's data; linked from the consent page.",
        admin=proposed("appMetadata.policyUri"),
        legacy=proposed("appMetadata.policyUri"),
        registration="policy_uri",
        portal="policy_uri",
        source="RFC 7591 §2",
    )
    tos_uri: str | None = setting(
        id="C008",
        kind=Url(),
        default=None,
        label="Terms of Service",
        help="The terms under which the client is offered; linked from the consent page.",
        admin=proposed("appMetadata.tosUri"),
        legacy=proposed("appMetadata.tosUri"),
        registration="tos_uri",
        portal="tos_uri",
        source="RFC 7591 §2",
    )
    contacts: tuple[str, ...] = setting(
        id="C009",
        kind=TextList(longest=320),
        default=(),
        label="Contacts",
        help="Addresses of the people who look after the client.",
        admin=proposed("appMetadata.contacts"),
        legacy=proposed("appMetadata.contacts"),
        registration=key("contacts", write=Write.UNLESS_EMPTY),
        portal=key("contacts", write=Write.UNLESS_EMPTY),
        source="RFC 7591 §2",
    )
    application_type: ApplicationType = setting(
        id="C010",
        kind=OneWord(ApplicationType),
        default=ApplicationType.WEB,
        label="Application Type",
        help="Whether the client runs on a server or on people's own machines; registration checks its redirect URIs"
        " accordingly.",
        admin=proposed("appMetadata.applicationType"),
        legacy=proposed("appMetadata.applicationType"),
        registration="application_type",
        portal="application_type",
        source="OpenID Connect Registration §2",
    )
    created_at: int = setting(
        id="C170",
        kind=Date(),
        default=0,
        label="Created",
        help="When the client was made.",
        admin=read_only("creationDate"),
        registration=read_only("client_id_issued_at"),
        portal=read_only("Created"),
        source="RFC 7591 §3.2.1",
    )
    modified_at: int = setting(
        id="C171",
        kind=Date(),
        default=0,
        label="Modified",
        help="When it was changed last.",
        admin=read_only("modificationDate"),
        portal=read_only("Updated"),
    )
    quarantined_at: int = setting(
        id="C175",
        kind=Date(),
        default=0,
        label="Quarantined",
        help="When the client was disabled because nobody had used it. Enabling it ends that.",
        admin=read_only("quarantineDate", write=Write.UNLESS_DEFAULT),
    )
    replication_status: ReplicationStatus | None = setting(
        id="C172",
        kind=OneWord(ReplicationStatus),
        default=None,
        label="Replication Status",
        help="Every node reads the same database, so there is nothing to report.",
        admin=read_only("replicationStatus", write=Write.NEVER),
    )
    lockout_type: LockoutType = setting(
        id="C173",
        kind=OneWord(LockoutType),
        default=LockoutType.SERVER_DEFAULT,
        label="Lock-Out",
        help="Whether a client that keeps revoking tokens that do not exist is refused for ten minutes.",
        admin="lockoutMaxMaliciousActionsType",
    )
    lockout_actions: int | None = setting(
        id="C173",
        kind=WholeNumber(at_least=1, at_most=1_000_000),
        default=None,
        label="Attempts before Lock-Out",
        help="How many such attempts are let pass.",
        admin="lockoutMaxMaliciousActions",
        shown_when=is_one_of("identity.lockout_type", LockoutType.OVERRIDE),
    )

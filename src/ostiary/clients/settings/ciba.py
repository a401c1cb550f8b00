"""Client-initiated backchannel authentication."""

from ostiary.clients.settings.conditions import allows
from ostiary.declare import is_one_of, key, section, setting
from ostiary.declare.kinds import Flag, OneWord, ReferenceKind, Seconds, Url
from ostiary.words import ASYMMETRIC_SIGNING, DeliveryMode, GrantType, SigningAlgorithm

ALLOWED = allows(GrantType.CIBA)
DEFAULT_INTERVAL = 3
"""Seconds, where the client does not say."""


@section("CIBA", shown_when=ALLOWED)
class Ciba:
    """C140-C146. What was not sent stays unset, and its default counts when it is used."""

    delivery_mode: DeliveryMode | None = setting(
        id="C140",
        kind=OneWord(DeliveryMode),
        default=None,
        label="CIBA Token Delivery Mode",
        help="Whether the client asks again and again for the result, or is told when it is ready.",
        admin="cibaDeliveryMode",
        legacy=key(
            "cibaTokenDeliveryMode",
            aliases=("cibaDeliveryMode",),
            required=ALLOWED,
            only_when=ALLOWED,
            write_when=ALLOWED,
            filled=DeliveryMode.POLL,
        ),
        registration="backchannel_token_delivery_mode",
        source="CIBA Core §4, §5",
    )
    notification_endpoint: str | None = setting(
        id="C141",
        kind=Url(https_only=True),
        default=None,
        label="CIBA Notification Endpoint",
        help="Where the client is told.",
        admin="cibaNotificationEndpoint",
        legacy=key("cibaNotificationEndpoint", only_when=ALLOWED),
        registration="backchannel_client_notification_endpoint",
        source="CIBA Core §4",
        shown_when=is_one_of("ciba.delivery_mode", DeliveryMode.PING),
    )
    polling_interval: int | None = setting(
        id="C142",
        kind=Seconds(at_least=0, at_most=3600),
        default=None,
        label="CIBA Polling Interval (seconds)",
        help="The least time the client waits between two token requests: 1 to 3600 seconds, 3 if it is not said.",
        admin="cibaPollingInterval",
        legacy=key(
            "cibaPollingInterval", required=ALLOWED, only_when=ALLOWED, write_when=ALLOWED, filled=DEFAULT_INTERVAL
        ),
        source="CIBA Core §7.3",
    )
    policy: str | None = setting(
        id="C143",
        kind=ReferenceKind(),
        default=None,
        label="CIBA Request Policy",
        help="How people are found and asked; otherwise the default policy.",
        admin="requestPolicyRef",
        legacy=key("cibaPolicyId", aliases=("requestPolicyRef",), only_when=ALLOWED),
    )
    user_code_supported: bool | None = setting(
        id="C144",
        kind=Flag(),
        default=None,
        label="CIBA User Code Supported",
        help="Requests must carry a code that only the person knows; the policy must be able to check it.",
        admin="cibaUserCodeSupported",
        legacy=key("cibaUserCodeSupported", only_when=ALLOWED),
        registration="backchannel_user_code_parameter",
        source="CIBA Core §7.1",
        when_unreadable=True,
    )
    require_signed: bool | None = setting(
        id="C145",
        kind=Flag(),
        default=None,
        label="Require CIBA Signed Requests",
        help="Requests must carry their parameters in a signed request object.",
        admin="cibaRequireSignedRequests",
        legacy=key("cibaRequireSignedRequests", only_when=ALLOWED),
        source="CIBA Core §7.1.1",
        when_unreadable=True,
    )
    object_algorithm: SigningAlgorithm | None = setting(
        id="C146",
        kind=OneWord(SigningAlgorithm, ASYMMETRIC_SIGNING),
        default=None,
        label="CIBA Request Object Signing Algorithm",
        help="The algorithm of signed requests; if none is chosen, any that is offered.",
        admin="cibaRequestObjectSigningAlgorithm",
        legacy=key("cibaRequestObjectSigningAlgorithm", only_when=ALLOWED),
        registration="backchannel_authentication_request_signing_alg",
        source="CIBA Core §4",
    )

    @property
    def mode(self) -> DeliveryMode:
        """The delivery mode in force."""
        return self.delivery_mode or DeliveryMode.POLL

    @property
    def interval_seconds(self) -> int:
        """The polling interval in force."""
        return self.polling_interval or DEFAULT_INTERVAL

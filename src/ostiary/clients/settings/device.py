"""The device authorization grant."""

from ostiary.clients.settings.conditions import allows
from ostiary.declare import is_one_of, key, section, setting
from ostiary.declare.kinds import Flag, OneWord, Seconds, Url
from ostiary.words import GrantType, TwoWay

OVERRIDES = is_one_of("device.setting_type", TwoWay.OVERRIDE)


@section("Device Authorization Grant", shown_when=allows(GrantType.DEVICE_CODE))
class Device:
    """C135-C139."""

    setting_type: TwoWay = setting(
        id="C135",
        kind=OneWord(TwoWay),
        default=TwoWay.SERVER_DEFAULT,
        label="Device Flow Settings",
        help="Whether the client goes by the server's settings or by its own, of which each may stay blank.",
        admin="deviceFlowSettingType",
        legacy="deviceFlowSettingType",
    )
    user_authorization_url: str | None = setting(
        id="C136",
        kind=Url(),
        default=None,
        label="User Authorization URL",
        help="The address a device shows to people; it must lead to the server's own page for activation codes.",
        admin="userAuthorizationUrlOverride",
        legacy=key("userAuthzUrlOverride", aliases=("userAuthorizationUrlOverride",)),
        source="RFC 8628 §3.2",
        shown_when=OVERRIDES,
    )
    pending_timeout: int | None = setting(
        id="C137",
        kind=Seconds(at_least=1),
        default=None,
        label="Pending Authorization Timeout (seconds)",
        help="How long an activation code lives.",
        admin="pendingAuthorizationTimeoutOverride",
        legacy=key("pendingAuthzTimeoutOverride", aliases=("pendingAuthorizationTimeoutOverride",)),
        source="RFC 8628 §3.2",
        shown_when=OVERRIDES,
    )
    polling_interval: int | None = setting(
        id="C138",
        kind=Seconds(at_least=1),
        default=None,
        label="Device Polling Interval (seconds)",
        help="How long a device waits between two token requests.",
        admin="devicePollingIntervalOverride",
        legacy="devicePollingIntervalOverride",
        source="RFC 8628 §3.5",
        shown_when=OVERRIDES,
    )
    bypass_confirmation: bool | None = setting(
        id="C139",
        kind=Flag(),
        default=None,
        label="Bypass Activation Code Confirmation",
        help="People who follow a link with an activation code are not asked whether it is the one they see.",
        admin="bypassActivationCodeConfirmationOverride",
        legacy="bypassActivationCodeConfirmationOverride",
        source="RFC 8628 §3.3.1",
        shown_when=OVERRIDES,
    )

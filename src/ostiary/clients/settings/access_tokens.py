"""Which manager makes the client's access tokens."""

from ostiary.clients.settings.conditions import allows
from ostiary.declare import Override, is_one_of, key, proposed, section, setting
from ostiary.declare.conditions import all_of
from ostiary.declare.kinds import Flag, OverrideKind, ReferenceKind, Seconds
from ostiary.words import GrantType


@section("Access Tokens")
class AccessTokens:
    """C085-C087, C107."""

    default_manager: str | None = setting(
        id="C085",
        kind=ReferenceKind(),
        default=None,
        label="Default Access Token Manager",
        help="What makes the client's access tokens when a request names no manager; otherwise the server's default.",
        admin="defaultAccessTokenManagerRef",
        legacy="defaultAccessTokenManagerId",
    )
    restrict_to_default: bool = setting(
        id="C086",
        kind=Flag(),
        default=False,
        label="Restrict to Default Access Token Manager",
        help="The client may use its default manager (or the server's) and no other.",
        admin="restrictToDefaultAccessTokenManager",
        legacy=proposed("restrictToDefaultAccessTokenManager"),
        when_unreadable=True,
    )
    validate_against_all: bool = setting(
        id="C087",
        kind=Flag(),
        default=False,
        label="Validate Against All Eligible Access Token Managers",
        help="As a resource server, the client need not say which manager made a token it asks about.",
        admin="validateUsingAllEligibleAtms",
        legacy="validateUsingAllEligibleAtms",
        shown_when=all_of(
            allows(GrantType.ACCESS_TOKEN_VALIDATION), is_one_of("access_tokens.restrict_to_default", False)
        ),
    )
    lifetime: Override[int] = setting(
        id="C107",
        kind=OverrideKind(Seconds(at_least=1)),
        default=Override(),
        label="Access Token Lifetime (seconds)",
        help="How long the client's access tokens live, instead of what their manager says.",
        portal=key("access_token_expiry_setting", "access_token_expiry"),
    )

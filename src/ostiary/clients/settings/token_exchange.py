"""Token exchange."""

from ostiary.clients.settings.conditions import allows
from ostiary.declare import proposed, section, setting
from ostiary.declare.kinds import ReferenceKind
from ostiary.words import GrantType


@section("Token Exchange", shown_when=allows(GrantType.TOKEN_EXCHANGE))
class TokenExchange:
    """C150."""

    policy: str | None = setting(
        id="C150",
        kind=ReferenceKind(),
        default=None,
        label="Processor Policy",
        help="What checks the tokens that are exchanged; otherwise the default policy.",
        admin="tokenExchangeProcessorPolicyRef",
        legacy=proposed("tokenExchangeProcessorPolicyId"),
        source="RFC 8693 §2",
    )

"""What becomes of clients that registered themselves and are not used."""

from ostiary.declare import Write, is_set, key, section, setting
from ostiary.declare.kinds import WholeNumber
from ostiary.server_settings.settings.protocol import RESOURCE

_MEMBER = "unusedRegisteredClients"
_MOST_DAYS = 36_500


@section("Unused Registered Clients")
class UnusedRegistrations:
    """Threat T-34. What a replacement leaves out stays."""

    quarantine_days: int = setting(
        kind=WholeNumber(at_least=0, at_most=_MOST_DAYS),
        default=0,
        label="Quarantine after (days)",
        help="A client that registered itself and was not used or changed for this long is disabled; 0: never.",
        admin=key(f"{_MEMBER}.quarantineAfterDays", keep=True, write=Write.UNLESS_DEFAULT, resource=RESOURCE),
    )
    delete_days: int = setting(
        kind=WholeNumber(at_least=0, at_most=_MOST_DAYS),
        default=0,
        label="Delete after (days)",
        help="So long after it was disabled for that reason, and nobody enabled it, it is deleted; 0: never.",
        admin=key(f"{_MEMBER}.deleteAfterDays", keep=True, write=Write.UNLESS_DEFAULT, resource=RESOURCE),
        shown_when=is_set("unused_registrations.quarantine_days"),
    )

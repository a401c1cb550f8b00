"""How long what our keys sign may live, so that retired keys are kept long enough (threat T-58)."""

from ostiary.ports.clock import MINUTE
from ostiary.server import Server
from ostiary.server_settings.managers import JwtConfiguration


def longest_signed_life_ms(server: Server) -> int:
    """The longest life that a manager or a policy gives to a signed token.

    A client with a longer life of its own (C107) outlives it only where keys are rotated by hand: by age, a retired key
    stays published until the next rotation.
    """
    jwts = (one.configuration for one in server.objects.managers.values())
    minutes = [one.token_lifetime_minutes for one in jwts if isinstance(one, JwtConfiguration)]
    minutes += [policy.id_token_lifetime_minutes for policy in server.objects.policies.values()]
    return max(minutes, default=0) * MINUTE

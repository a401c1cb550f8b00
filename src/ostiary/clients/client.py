"""A client is its sections."""
# ruff: noqa: RUF009 - sections are frozen, and one default of each serves all clients

from dataclasses import dataclass, field, replace

from ostiary.clients.redirect_uris import RedirectPattern, patterns_of
from ostiary.clients.settings.access_tokens import AccessTokens
from ostiary.clients.settings.authentication import Authentication
from ostiary.clients.settings.ciba import Ciba
from ostiary.clients.settings.device import Device
from ostiary.clients.settings.extended import Extended
from ostiary.clients.settings.grants import Grants
from ostiary.clients.settings.identity import Identity
from ostiary.clients.settings.introspection import Introspection
from ostiary.clients.settings.jarm import Jarm
from ostiary.clients.settings.logout import Logout
from ostiary.clients.settings.openid import OpenId
from ostiary.clients.settings.persistent_grants import PersistentGrants
from ostiary.clients.settings.portal import Portal
from ostiary.clients.settings.redirection import Redirection
from ostiary.clients.settings.requests import Requests
from ostiary.clients.settings.scopes import Scopes
from ostiary.clients.settings.token_exchange import TokenExchange
from ostiary.declare import Declaration


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Every setting of one client, immutable."""

    identity: Identity = Identity()
    authentication: Authentication = Authentication()
    requests: Requests = Requests()
    redirection: Redirection = Redirection()
    scopes: Scopes = Scopes()
    grants: Grants = Grants()
    access_tokens: AccessTokens = AccessTokens()
    persistent_grants: PersistentGrants = PersistentGrants()
    openid: OpenId = OpenId()
    logout: Logout = Logout()
    device: Device = Device()
    ciba: Ciba = Ciba()
    token_exchange: TokenExchange = TokenExchange()
    introspection: Introspection = Introspection()
    jarm: Jarm = Jarm()
    extended: Extended = Extended()
    portal: Portal = Portal()
    version: int = field(default=0, compare=False)
    """The version of the stored record; 0 for a client that is not stored."""
    redirect_patterns: tuple[RedirectPattern, ...] = field(init=False, compare=False, repr=False)
    """The redirect URIs, ready to be matched. One that may not be used is not among them."""
    restricted_scopes: frozenset[str] = field(init=False, compare=False, repr=False)
    exclusive_scopes: frozenset[str] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "redirect_patterns", patterns_of(self.redirection.redirect_uris))
        object.__setattr__(self, "restricted_scopes", frozenset(self.scopes.restricted))
        object.__setattr__(self, "exclusive_scopes", frozenset(self.scopes.exclusive))

    @property
    def client_id(self) -> str:
        """The id, the one setting everybody needs."""
        return self.identity.client_id

    def at_version(self, version: int) -> "Client":
        """The same client as a stored record of this version."""
        return replace(self, version=version)


CLIENT_SETTINGS: Declaration[Client] = Declaration(Client)
"""THE declaration: every setting of a client."""

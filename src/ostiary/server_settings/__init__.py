"""What holds for all clients: the settings of the server, declared as client settings are."""

from dataclasses import dataclass, field
from functools import cached_property

from ostiary.declare import Declaration
from ostiary.server_settings.scopes import ScopeBook
from ostiary.server_settings.settings.client_documents import ClientDocuments
from ostiary.server_settings.settings.defaults import Defaults, StaticKeys
from ostiary.server_settings.settings.grants import Consent, Grants, Scopes
from ostiary.server_settings.settings.people import (
    ApplicationSessions,
    Device,
    ExtendedProperties,
    Management,
    RedirectValidation,
    Roles,
    Sessions,
    VirtualHosts,
)
from ostiary.server_settings.settings.protocol import (
    Authorization,
    Compatibility,
    Dpop,
    Jarm,
    Pushed,
    Secrets,
    Unidentified,
)
from ostiary.server_settings.settings.registration import Registration
from ostiary.server_settings.settings.unused_registrations import UnusedRegistrations


@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """Every setting of the server; one immutable value per state of the configuration."""

    authorization: Authorization = field(default_factory=Authorization)
    scopes: Scopes = field(default_factory=Scopes)
    grants: Grants = field(default_factory=Grants)
    consent: Consent = field(default_factory=Consent)
    pushed: Pushed = field(default_factory=Pushed)
    jarm: Jarm = field(default_factory=Jarm)
    dpop: Dpop = field(default_factory=Dpop)
    secrets: Secrets = field(default_factory=Secrets)
    unidentified: Unidentified = field(default_factory=Unidentified)
    management: Management = field(default_factory=Management)
    device: Device = field(default_factory=Device)
    compatibility: Compatibility = field(default_factory=Compatibility)
    sessions: Sessions = field(default_factory=Sessions)
    redirect_validation: RedirectValidation = field(default_factory=RedirectValidation)
    roles: Roles = field(default_factory=Roles)
    extended_properties: ExtendedProperties = field(default_factory=ExtendedProperties)
    registration: Registration = field(default_factory=Registration)
    client_documents: ClientDocuments = field(default_factory=ClientDocuments)
    unused_registrations: UnusedRegistrations = field(default_factory=UnusedRegistrations)
    defaults: Defaults = field(default_factory=Defaults)
    static_keys: StaticKeys = field(default_factory=StaticKeys)
    application_sessions: ApplicationSessions = field(default_factory=ApplicationSessions)
    virtual_hosts: VirtualHosts = field(default_factory=VirtualHosts)

    @cached_property
    def scope_book(self) -> ScopeBook:
        """The scopes, prepared for looking up."""
        scopes = self.scopes
        return ScopeBook.of(
            common=scopes.common,
            common_groups=scopes.common_groups,
            exclusive=scopes.exclusive,
            exclusive_groups=scopes.exclusive_groups,
            default_description=scopes.default_description,
            openid=self.roles.openid,
        )


DECLARATION: Declaration[ServerSettings] = Declaration(ServerSettings)
"""Rows S001–S169 and S180 of the reference, with the defaults of S170–S176."""

__all__ = ["DECLARATION", "ServerSettings"]

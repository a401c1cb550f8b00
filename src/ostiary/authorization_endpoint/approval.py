"""What a request asks a person to approve, and what of it was approved: scopes, and claims by name (threat T-44)."""

from typing import Self

import msgspec

from ostiary.authorization_endpoint.checks import Asked
from ostiary.authorization_endpoint.outcomes import Given
from ostiary.server import Server
from ostiary.server_settings.openid_policies import OpenIdPolicy
from ostiary.server_settings.scopes import OPENID, ScopeBook, expand_groups
from ostiary.tokens import claims, managers
from ostiary.users import consent
from ostiary.users.consent import Extent


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """What a request would be granted: its scopes and claims, as the policy of now sees them."""

    scopes: tuple[str, ...]
    names: tuple[str, ...]
    """OpenID Connect Core §5.5: the claims asked for by name that the policy knows, each once."""
    policy: OpenIdPolicy | None
    book: ScopeBook

    @classmethod
    def of(cls, asked: Asked, server: Server) -> Self:
        """What this request proposes. Without a policy there are no claims."""
        policy = managers.policy_of(asked.client, server.objects)
        wishes = asked.request.claims
        names = () if policy is None else claims.asked_by_name(policy, (*wishes.user_info, *wishes.id_token))
        return cls(scopes=asked.request.scopes, names=names, policy=policy, book=asked.settings.scope_book)

    @property
    def everything(self) -> Extent:
        """What is granted where nobody has to be asked."""
        return Extent(scopes=self.scopes, claims=self._names_with(self.scopes))

    @property
    def to_approve(self) -> Extent:
        """What the page shows: the scopes, and the claims that none of them covers."""
        return Extent(scopes=self.scopes, claims=self._uncovered(self.scopes))

    def approved(self, given: Given) -> Extent:
        """What was shown, ticked and is still wanted. Raises `AccessDenied` when no scope is left.

        A claim needs its own tick or, where a scope covers it, that of the scope.
        """
        scopes = consent.approved(self.scopes, given.shown.scopes, given.ticked.scopes)
        ticked = set(given.shown.claims) & set(given.ticked.claims)
        refused = set(self._uncovered(scopes)) - ticked
        return Extent(scopes=scopes, claims=tuple(name for name in self._names_with(scopes) if name not in refused))

    def decided(self, given: Given, granted: Extent) -> Extent:
        """What the page decided on; of this, only what was granted is remembered.

        A scope that was left out takes back the claims behind it, also those approved by name before.
        """
        if self.policy is None:
            return given.shown
        left_out = (scope for scope in given.shown.scopes if scope not in granted.scopes)
        behind = claims.guarded_by(self.policy, expand_groups(self.book, left_out))
        return Extent(scopes=given.shown.scopes, claims=tuple({*given.shown.claims, *behind}))

    def _names_with(self, scopes: tuple[str, ...]) -> tuple[str, ...]:
        """Core §5.5 is about OpenID Connect requests: without ``openid`` nobody could be told."""
        return self.names if OPENID in expand_groups(self.book, scopes) else ()

    def _uncovered(self, scopes: tuple[str, ...]) -> tuple[str, ...]:
        if self.policy is None:
            return ()
        return claims.uncovered(self.policy, expand_groups(self.book, scopes), self._names_with(scopes))

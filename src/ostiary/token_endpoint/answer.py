"""What the token endpoint answers (RFC 6749 §5.1)."""

from typing import Any

import msgspec


class TokenAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A successful answer; only the members that apply are written."""

    access_token: str
    expires_in: int
    """Full seconds left."""
    scope: str = ""
    """Empty: the default scope."""
    refresh_token: str | None = None
    id_token: str | None = None
    token_type: str = "Bearer"  # noqa: S105

    def as_json(self) -> dict[str, Any]:
        """The members, in the order of the specification."""
        members: dict[str, Any] = {
            "access_token": self.access_token,
            "token_type": self.token_type,
            "expires_in": self.expires_in,
        }
        if self.scope:
            members["scope"] = self.scope
        if self.refresh_token is not None:
            members["refresh_token"] = self.refresh_token
        if self.id_token is not None:
            members["id_token"] = self.id_token
        return members

    def __repr__(self) -> str:
        return f"TokenAnswer({self.token_type}, {self.expires_in})"  # never a token

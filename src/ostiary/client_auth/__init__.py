"""Who is knocking: what a caller presents, and the client it proves to be."""

from ostiary.client_auth.authentication import authenticate
from ostiary.client_auth.knock import Knock

__all__ = ["Knock", "authenticate"]

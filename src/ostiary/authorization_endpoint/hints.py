"""Which person a request expects, by ``id_token_hint`` or by the ``sub`` of its ``claims`` parameter."""

from ostiary.authorization_endpoint.request import AuthorizationRequest
from ostiary.clients.client import Client
from ostiary.errors import InvalidRequest
from ostiary.server import Server
from ostiary.tokens.claims import SUBJECT, Release, claims_of
from ostiary.tokens.id_tokens import verify_own_id_token
from ostiary.tokens.managers import policy_of
from ostiary.tokens.people import Person
from ostiary.tokens.subjects import subject_for
from ostiary.words import GrantType


async def expected_subject(request: AuthorizationRequest, client: Client, server: Server) -> str | None:
    """OpenID Connect Core §3.1.2.1, §5.5.1: the ``sub`` that the answer must be about, or None.

    Raises `InvalidRequest` for a hint that is no ID token of ours for this client, and for two that disagree.
    """
    wished = request.claims.subject
    if request.id_token_hint is None:
        return wished
    claims = await verify_own_id_token(request.id_token_hint, server)
    hinted = claims.get("sub")
    if claims.get("aud") != client.client_id or not isinstance(hinted, str):
        raise InvalidRequest("id_token_hint is not an ID token of this client")
    if wished is not None and wished != hinted:
        raise InvalidRequest("id_token_hint and claims name different persons")
    return hinted


def subject_of(person: Person, client: Client, scope: tuple[str, ...], server: Server) -> str:
    """What ID tokens call this person towards this client."""
    policy = policy_of(client, server.objects)
    if policy is None:
        return subject_for(person.user_key, client, server)
    release = Release(client=client, person=person, scope=scope, grant_type=GrantType.AUTHORIZATION_CODE)
    return subject_for(str(claims_of(policy, release, server, ())[SUBJECT]), client, server)

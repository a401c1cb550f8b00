"""The scenarios of the table, in the order in which they are driven, and what is asked of each."""

from collections.abc import Callable
from dataclasses import dataclass

from bench import provider
from bench.plan import Exchange, Plan, Step
from bench.provider import Provider

_HELLO = '"hello"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Something an application does, how to drive it, and what the peer must cost in terms of ours."""

    name: str
    title: str
    plan: Callable[[Provider, int], Plan]
    shape: tuple[str, ...]
    """The HTTP methods of one exchange: what the floor is driven with."""
    at_least: float
    """The least ratio of the peer's CPU time per exchange to ours."""

    def floor(self, port: int, connections: int) -> Plan:
        """The same number and kind of requests for the bare ASGI application."""
        host = f"127.0.0.1:{port}"
        form = {"grant_type": "client_credentials"}
        steps = {
            "GET": Step.get(host, "/", contains=_HELLO),
            "POST": Step.post(host, "/", form, contains=_HELLO),
        }
        exchange: Exchange = tuple(steps[method] for method in self.shape)
        return Plan.same(port, connections, exchange)


_GET, _POST = ("GET",), ("POST",)

SCENARIOS: tuple[Scenario, ...] = (
    Scenario(name="discovery", title="discovery", plan=provider.discovery, shape=_GET, at_least=3.0),
    Scenario(name="jwks", title="JWKS", plan=provider.jwks, shape=_GET, at_least=2.0),
    Scenario(
        name="reference",
        title="client_credentials → reference token",
        plan=provider.reference_token,
        shape=_POST,
        at_least=2.0,
    ),
    Scenario(
        name="es256", title="client_credentials → JWT ES256", plan=provider.es256_token, shape=_POST, at_least=2.0
    ),
    Scenario(
        name="rs256", title="client_credentials → JWT RS256", plan=provider.rs256_token, shape=_POST, at_least=1.25
    ),
    Scenario(
        name="introspection",
        title="introspection of a reference token",
        plan=provider.introspection,
        shape=_POST,
        at_least=2.0,
    ),
    Scenario(
        name="code",
        title="code flow in a live session, RS256 ID token",
        plan=provider.code_flow,
        shape=("GET", "POST"),
        at_least=1.5,
    ),
)

START_UP = "startup"
WORKERS = "workers"
NAMES = (START_UP, *(scenario.name for scenario in SCENARIOS), WORKERS)

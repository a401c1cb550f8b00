"""The floor: the least an ASGI application on uvicorn can do for a request."""

from typing import Any

_BODY = b'{"hello":"world"}'
_START: dict[str, Any] = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(_BODY)).encode())],
}
_END: dict[str, Any] = {"type": "http.response.body", "body": _BODY}


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Read the request's body to its end and answer the same few bytes, whatever was asked."""
    if scope["type"] != "http":
        raise RuntimeError("only http is spoken here")
    while (await receive()).get("more_body"):
        pass
    await send(_START)
    await send(_END)

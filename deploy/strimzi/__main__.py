"""`python -m deploy.strimzi | kubectl apply --namespace <Kafka's> -f -`. Kept for the defaults in `deploy/strimzi/cairn.yaml`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from deploy.strimzi.resources import Campus, document

KEPT: Final = Path(__file__).with_name("cairn.yaml")


def main(
    cluster: Annotated[str, typer.Option(help="the name of the Kafka resource")] = Campus.cluster,
    partitions: Annotated[int, typer.Option(min=1, help="of each topic keyed by learner: for good")] = Campus.partitions,
    replicas: Annotated[int, typer.Option(min=1, help="copies of each partition")] = Campus.replicas,
    tls: Annotated[bool, typer.Option("--tls", help="users show certificates, instead of passwords")] = False,
    database_prefix: Annotated[str, typer.Option(help="the services' CAIRN_DATABASE_PREFIX")] = Campus.database_prefix,
    source_topic: Annotated[list[str] | None, typer.Option(help="a source's own topic on this cluster; several times")] = None,
    write: Annotated[bool, typer.Option("--write", help="write deploy/strimzi/cairn.yaml instead of standard output")] = False,
) -> None:
    """All topics, and a user for each service with exactly the rights that it needs, from the registry of topics."""
    authentication: Literal["tls", "scram-sha-512"] = "tls" if tls else "scram-sha-512"
    text = document(Campus(cluster, partitions, replicas, authentication, database_prefix, tuple(source_topic or ())))
    if write:
        KEPT.write_text(text)
    else:
        print(text, end="")


if __name__ == "__main__":
    typer.run(main)

"""Measurements as Markdown tables: what is printed in the end, and what stands in `docs/performance.md`.

`python -m deploy.bench.tables` prints those of all measurements under `var/`; with `--write` it puts them into the document, each
between its two marks: so every figure there is one of a run.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from deploy.bench import marks

PAGE: Final = Path("docs/performance.md")
VAR: Final = Path("var")
BY: Final = "python -m deploy.bench.tables --write"
SERVICES: Final = ("assessment", "awarding", "notifications")
PROCESSES: Final = ("catalog", *SERVICES, "kafka", "database", "mailbox")
WIDTH: Final = 130
"""Of a terminal, to show them whole."""
MIXES: Final = {"awards": "an award each", "cohort": "the cohort"}

Found = Mapping[str, Any]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The first column to the left, figures to the right."""
    lines = [f"| {' | '.join(head)} |", f"|---|{'---:|' * (len(head) - 1)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def number(value: Any, form: str = ",.0f") -> str:
    return "" if value is None else format(value, form)


def of_bench(found: Found) -> dict[str, str]:
    """All that `make bench` has measured, by the name of the mark in the document."""
    made = {"where": where(found)}
    if "throughput" in found:
        chain = found["throughput"]
        made |= {"throughput": of_throughput(chain), "costs": of_costs(chain)}
        made |= {"database": of_database(chain), "topics": of_topics(chain)}
    if "latency" in found:
        made["latency"] = of_latency(found["latency"])
    made["parts"] = of_parts(found)
    if "retroactive" in found:
        made["retroactive"] = of_retroactive(found["retroactive"])
    return made


def where(found: Found) -> str:
    return f"Measured on {found['cores']} cores at {found['at']}, load before {found['load_before']}, in {found['took']} s."


def of_throughput(found: Found) -> str:
    """Completions a second beside the floor."""
    rows = []
    for title, name in (
        ("completions/s", "completions_per_second"),
        ("awards/s: decided, stored, in the inbox, queued", "awards_per_second"),
        ("upgrades/s", "upgrades_per_second"),
        ("credentials issued/s", "credentials_per_second"),
        ("mails/s", "mails_per_second"),
    ):
        row = [title]
        for mix in found.values():
            row += [number(mix["cairn"][name]), number(mix["floor"].get(name))]
        rows.append(row)
    for title, name in (("**of the floor**", "of_the_floor"), ("of the floor, by processor time", "of_the_floor_in_cpu")):
        rows.append([title, *(cell for mix in found.values() for cell in (f"**{mix[name]:.2f}**", ""))])
    each = [", ".join(f"{ratio:.2f}" for ratio in mix["each"]["of_the_floor"]) for mix in found.values()]
    rows.append(["in each turn", *(cell for ratios in each for cell in (ratios, ""))])
    sizes = [f"{mix['cairn']['completions']:,}" for mix in found.values()]
    rows.append(["completions in a turn", *(cell for size in sizes for cell in (size, ""))])
    return table(["medians of all turns", *_beside(found)], rows)


def of_costs(found: Found) -> str:
    """Processor time and memory of each process."""
    rows = []
    for process in PROCESSES:
        row = [process]
        for mix in found.values():
            row += [number(mix[of]["cpu"].get(process), ".2f") for of in ("cairn", "floor")]
        row += [number(next(iter(found.values()))["cairn"]["memory"].get(process))]
        rows.append(row)
    whole = ["**all**"]
    for mix in found.values():
        whole += [f"**{sum(mix[of]['cpu'].values()):.2f}**" for of in ("cairn", "floor")]
    rows.append([*whole, number(sum(next(iter(found.values()))["cairn"]["memory"].values()))])
    return table(["CPU seconds for 1,000 completions", *_beside(found), "peak MB"], rows)


def of_database(found: Found) -> str:
    """Operations and bytes of the database for one completion."""
    rows = []
    for service in SERVICES:
        row = [f"commands of {service}"]
        for mix in found.values():
            row += [number(mix["cairn"]["commands"].get(service), ".3f"), ""]
        rows.append(row)
    rows.append(
        ["operations, by the database's own count", *_both(found, lambda run: sum(run["database_operations"].values()), ".3f")]
    )
    for service in SERVICES:
        row = [f"documents that {service} writes"]
        for mix in found.values():
            row += [number(mix["cairn"]["documents_written"].get(service), ".2f"), ""]
        rows.append(row)
    for title, name in (("bytes of documents written", "document_bytes"), ("bytes of documents kept", "stored_bytes")):
        row = [title]
        for mix in found.values():
            kept = mix["cairn"].get(name, {}).values()
            row += [number(sum(part[0] if isinstance(part, list) else part for part in kept)) if kept else "", ""]
        rows.append(row)
    rows.append(["bytes of indexes kept", *_indexes(found)])
    rows.append(["bytes that the database writes to disk", *_both(found, lambda run: run["disk_bytes"].get("database"))])
    rows.append(["bytes that the broker writes to disk", *_both(found, lambda run: run["disk_bytes"].get("kafka"))])
    batches = [
        [f"messages in a transaction of {name}", *_both(found, lambda run, of=name: run["batch"].get(of))] for name in SERVICES
    ]
    rows += batches
    return table(["for one completion", *_beside(found)], rows)


def _indexes(found: Found) -> list[str]:
    cells: list[str] = []
    for mix in found.values():
        kept = mix["cairn"].get("stored_bytes", {}).values()
        cells += [number(sum(part[1] for part in kept)) if kept else "", ""]
    return cells


def of_topics(found: Found) -> str:
    """Messages and bytes on topics for one completion."""
    names = dict.fromkeys(name for mix in found.values() for name in mix["cairn"]["topics"])
    rows = []
    for name in names:
        row = [f"`{name}`"]
        for mix in found.values():
            topic = mix["cairn"]["topics"].get(name, {"messages": 0, "bytes": 0})
            row += [number(topic["messages"], ".2f"), number(topic["bytes"])]
        rows.append(row)
    whole = ["**all**"]
    for mix in found.values():
        topics = mix["cairn"]["topics"].values()
        whole += [number(sum(topic["messages"] for topic in topics), ".2f"), number(sum(topic["bytes"] for topic in topics))]
    heads = [head for mix in found for head in (f"{MIXES[mix]}: messages", "bytes")]
    return table(["for one completion", *heads], [*rows, whole])


def of_latency(found: Found) -> str:
    rows = []
    for mix, at in found.items():
        for title, name in (("to its award", "award"), ("to its upgrade", "upgrade"), ("through the bare loops", "floor")):
            delays = at[name]
            cells = ["", "", "", "0"] if delays is None else [*_delays(delays), number(delays["number"])]
            rows.append([f"{MIXES[mix]}, {at['rate']:.0f}/s: {title}", *cells])
    return table(["at half of the speed, from a completion", "median", "p95", "p99", "of"], rows)


def _delays(delays: Found | None) -> list[str]:
    if delays is None:
        return ["", "", ""]
    return [f"{1_000 * delays[name]:,.0f} ms" for name in ("median", "p95", "p99")]


def of_parts(found: Found) -> str:
    """What one process does alone: signing, mailing, issuing, the doors."""
    rows: list[Sequence[str]] = []
    if "signing" in found:
        signing = found["signing"]
        rows.append(["credentials signed, per second of one core", number(signing["fast_per_second"])])
        rows.append(["credentials made and signed, per second of one core", number(signing["made_per_second"])])
        rows.append(["signed as JSON-LD each, per second of one core", number(signing["slow_per_second"])])
    if "mailing" in found:
        rows.append(["awards told in inboxes, a second", number(found["mailing"]["told_per_second"])])
        rows.append(["mails sent, a second", number(found["mailing"]["mails_per_second"])])
    if "issuing" in found:
        issuing = found["issuing"]
        rows.append(["verdicts decided by awarding alone, a second, without credentials", number(issuing["without_per_second"])])
        rows.append(["the same with credentials issued", number(issuing["issuing_per_second"])])
        rows.append(["processor time with issuing, to without", number(issuing["cpu_ratio"], ".2f")])
    for name, through in found.get("door", {}).items():
        rows.append([f"completions by {name} through its door on one core, a second", number(through["per_second"])])
    return table(["parts alone", ""], rows)


def of_retroactive(found: Found) -> str:
    """A late stack's sweep beside the stream."""
    stream = number(found["stream_per_second"])
    rows = [["completions/s of the stream alone", stream, "", ""]]
    for title, name in (
        ("learners/s swept, nothing else running", "alone"),
        ("learners/s swept, the stream at half load", "beside"),
    ):
        swept = found[name]
        rows.append([title, number(swept["learners_per_second"]), number(swept["learners"]), f"**{swept['of_the_stream']:.2f}**"])
    live = found["live"]
    for title, name in (("without a sweep", "without_sweep"), ("beside the sweep", "with_sweep")):
        for kind in ("award", "upgrade"):
            delays = _delays(live[name][kind])
            rows.append([f"live at {live['rate']:.0f}/s {title}: median, p95, p99 to the {kind}", *delays])
    return table(["a stack published late", "", "learners", "of the stream's speed"], rows)


def of_instances(found: Found) -> str:
    rows = [
        [
            str(each["instances"]),
            number(each["completions_per_second"]),
            number(each["of_one"], ".2f"),
            "; ".join(f"{service} {', '.join(map(str, shares))}" for service, shares in each["partitions"].items()),
            *(number(each["cpu"].get(service), ".2f") for service in SERVICES),
            number(each["cpu_all"], ".2f"),
        ]
        for each in found["each"]
    ]
    heads = ["instances of each", "completions/s", "of one's", "partitions of each", *(f"CPU s of {name}" for name in SERVICES)]
    return table([*heads, "of all"], rows)


def of_soak(found: Found) -> str:
    rows = [
        [name, number(each["at_tenth"]), number(each["at_end"]), number(each["peak"]), number(each["grows"], "+,.1f")]
        for name, each in found["memory"].items()
    ]
    done = f"{found['completions']:,} completions in {found['seconds'] / 60:,.0f} min"
    heads = ["MB after a tenth", "at the end", "at most", "growth for 100,000 completions, second half"]
    return table([done, *heads], rows)


def _beside(found: Found) -> list[str]:
    return [head for mix in found for head in (f"{MIXES[mix]}: Cairn", "floor")]


def _both(found: Found, figure: Any, form: str = ",.0f") -> list[str]:
    return [number(figure(mix[of]), form) for mix in found.values() for of in ("cairn", "floor")]


def sections(folder: Path = VAR) -> dict[str, str]:
    """By the name of the mark in the document, what has been measured."""
    bench = folder / "bench.json"
    made = of_bench(json.loads(bench.read_text())) if bench.exists() else {}
    for name, one in (("retroactive", of_retroactive), ("instances", of_instances), ("soak", of_soak)):
        if (path := folder / f"{name}.json").exists():
            made[name] = one(json.loads(path.read_text()))
    return made


def filled(page: str, made: Mapping[str, str]) -> str:
    """The page with these tables between their marks; what wasn't measured stays as it is. Raises ValueError for no mark."""
    return marks.filled(page, made, BY)


def main(write: Annotated[bool, typer.Option("--write", help=f"put them into {PAGE}")] = False) -> None:
    """Print the tables of what was measured last, or put them into the document."""
    made = sections()
    if write:
        PAGE.write_text(filled(PAGE.read_text(), made))
        print(f"{PAGE}: {', '.join(made)}")
        return
    for name, text in made.items():
        print(f"\n{name}\n\n{text}")


if __name__ == "__main__":
    typer.run(main)

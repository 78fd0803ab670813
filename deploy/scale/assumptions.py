"""What is assumed of learners, terms and machines: each with its reason, to be replaced by an institution's own figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Assumption:
    says: str
    value: float
    reason: str


COMPLETIONS: Final = Assumption(
    "completions of a learner in a term",
    40,
    "five courses with eight graded activities each; in the Open University's records (OULAD) a learner, mostly of one or two"
    " modules, hands in 6 to 9 in a presentation",
)
TERM_DAYS: Final = Assumption("days of a term", 105, "fifteen weeks")
TERMS: Final = Assumption("terms of a year", 2, "what falls outside them is little")
BUSIEST_DAY: Final = Assumption(
    "share of a term's completions on its busiest day",
    0.08,
    "in OULAD the busiest day of a presentation has 3.3 to 4.0 % of its submissions; twice that, for a whole institution's",
)
LAST_HOUR: Final = Assumption("share of that day's in the hour before the deadline", 0.3, "a guess: people hand in late")
LAST_MINUTES: Final = Assumption(
    "how many times the hour's mean rate its last five minutes have", 2, "a guess; the simulation shows what it does"
)
BUSY: Final = Assumption(
    "share of a core, or of a disk, that is planned to be used at the peak hour's mean",
    0.5,
    "the last minutes have twice the mean, and who takes over from a pod that was killed has its work as well",
)
PARTITIONS_FOR_A_POD: Final = Assumption(
    "partitions for each pod of the largest stage",
    4,
    "the work of a pod that is lost goes to four others, a quarter to each; and the number can't be changed later, for it says"
    " where learners are at home",
)
LEAST_PODS: Final = Assumption("pods of a service at least", 2, "one may be killed")
DATABASE_CORES: Final = Assumption("cores of a database server", 16, "a usual size; a replica set's primary does all the writing")
DATABASE_DISK: Final = Assumption("TB of a database server's disk", 2, "what can still be copied to a new member in a night")
MEMBERS: Final = Assumption("members of a replica set, and replicas of a partition", 3, "one may fail while one is away")
YEARS: Final = Assumption("years for which all is kept", 10, "entries and awards are kept for good; a decade to plan for")
BROKER_DISK: Final = Assumption("TB of a broker's disk", 4, "likewise, for a broker's partitions are copied")
BROKER_CORES: Final = Assumption("cores of a broker", 8, "a usual size")
RECORD_OVERHEAD: Final = Assumption(
    "bytes that the broker adds to a message",
    20,
    "its offset, time, lengths, and its share of a batch's head; topics are not compressed",
)

ALL: Final = (
    COMPLETIONS,
    TERM_DAYS,
    TERMS,
    BUSIEST_DAY,
    LAST_HOUR,
    LAST_MINUTES,
    BUSY,
    PARTITIONS_FOR_A_POD,
    LEAST_PODS,
    DATABASE_CORES,
    DATABASE_DISK,
    MEMBERS,
    YEARS,
    BROKER_DISK,
    BROKER_CORES,
    RECORD_OVERHEAD,
)

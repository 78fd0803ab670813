"""A believable cohort at Northfield University, made from a seed: who they are, and two years of their completions.

Pure and deterministic: the same seed gives the same cohort. Who somebody is goes to the contact book only;
completions carry the opaque learner id. Beside ordinary progress there is what real systems send: retakes, regrades,
corrections of slips, retractions, and the same message twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Final

from deploy.demo.curriculum import ACADEMY, COURSES, SIS, SUMMERS, TERMS, WAYS, Course, Step
from deploy.demo.people import Person, people
from deploy.demo.story import STORY, story
from shared.events.completions import CompletionReported, CompletionRetracted, Score, Status
from shared.events.envelope import Envelope

SEED: Final = 2022
LEARNERS: Final = 1_200
PASS_MARK: Final = 0.45
GRADES: Final = ((0.7, "A"), (0.6, "B"), (0.5, "C"), (PASS_MARK, "D"))
WEEK: Final = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Report:
    """A completion, or (with `retracts`) the retraction of one, as a source sends it. `arrives` may be later than its time."""

    source: str
    id: str
    time: datetime
    learner: str
    body: CompletionReported | CompletionRetracted
    arrives: datetime

    def envelope(self) -> Envelope:
        return Envelope(id=self.id, type=self.body.TYPE, source=self.source, time=self.time, data=self.body.to_json())


@dataclass(frozen=True)
class Cohort:
    """`completions` are envelopes with the learner each is keyed by, in the order in which they were sent.

    `story` is the learner who goes all the way, from a first completion to the last upgrade.
    """

    people: tuple[Person, ...]
    completions: tuple[tuple[str, Envelope], ...]
    story: str


def cohort(seed: int = SEED, learners: int = LEARNERS) -> Cohort:
    """`learners` of them, the one of the story included; some 8 completions for each."""
    random = Random(seed)
    everybody = people(random, learners - 1)
    reports = [report for person in everybody for report in _history(random, person.learner)]
    reports += story_reports()
    reports += _sent_twice(random, reports)
    reports.sort(key=lambda report: (report.arrives, report.source, report.id))
    return Cohort((STORY, *everybody), tuple((report.learner, report.envelope()) for report in reports), STORY.learner)


def story_reports() -> list[Report]:
    return [
        Report(source, f"{body.learner}/{number}", time, body.learner, body, time)
        for number, (source, time, body) in enumerate(story(), 1)
    ]


class _Pen:
    """Writes one learner's reports, each with an id of its own."""

    def __init__(self, random: Random, learner: str) -> None:
        self.random = random
        self.learner = learner
        self.reports: list[Report] = []

    def write(self, source: str, time: datetime, body: CompletionReported | CompletionRetracted) -> Report:
        report = Report(source, f"{self.learner}/{len(self.reports) + 1}", time, self.learner, body, time)
        self.reports.append(report)
        return report

    def report(
        self,
        step: Step,
        time: datetime,
        status: Status,
        *,
        attempt: int = 1,
        mark: float | None = None,
        grade: str | None = None,
        corrects: str | None = None,
    ) -> Report:
        score = None if mark is None else _score(step.source, mark)
        body = CompletionReported(
            learner=self.learner,
            activity=step.activity,
            status=status,
            score=score,
            grade=grade,
            attempt=attempt,
            corrects=corrects,
        )
        return self.write(step.source, time, body)

    def some_minutes(self) -> timedelta:
        return timedelta(minutes=self.random.randrange(9 * 60))

    def mark(self, ability: float, hard: float) -> float:
        """Between 0 and 1; about 0.56 when ability and what is asked for are the same."""
        return min(1.0, max(0.0, self.random.gauss(0.56 + ability - hard, 0.12)))


def _score(source: str, mark: float) -> Score:
    """The academy reports shares of 1, the university points of 100."""
    if source == ACADEMY:
        return Score(scaled=Decimal(round(mark, 3)).quantize(Decimal("0.001")))
    return Score(raw=Decimal(round(100 * mark)), max=Decimal(100))


def _history(random: Random, learner: str) -> Iterator[Report]:
    """One learner's reports: some take one course, most a few, and who is eager goes the whole way."""
    pen = _Pen(random, learner)
    ability = min(0.95, max(0.1, random.gauss(0.52, 0.14)))
    [way] = random.choices([courses for _, courses in WAYS], [share for share, _ in WAYS])
    eager = random.random() < 0.08
    wanted = len(way) if eager else min(len(way), 1 + int(random.expovariate(1 / (0.9 + 3.7 * ability))))
    waiting = list(way[:wanted])
    term = 0 if eager else random.choices(range(len(TERMS)), (6, 3, 1, 5, 2, 1))[0]
    while waiting and term < len(TERMS):
        load = random.choice((3, 3, 4) if eager else (1, 2, 2, 3))
        now = [code for code in waiting if term not in SUMMERS or COURSES[code].short][:load]
        for code in now:
            waiting.remove(code)
            if not _take(pen, COURSES[code], TERMS[term], ability) and random.random() < 0.65:
                _retake(pen, COURSES[code], term, ability)
        term += 1
    return iter(pen.reports)


def _take(pen: _Pen, course: Course, start: datetime, ability: float, attempt: int = 1) -> bool:
    """Take the course; False if it was failed."""
    enrolment = Step(course.code, 0, "completed", source=SIS if course.code.startswith("northfield") else ACADEMY)
    if attempt == 1 and pen.random.random() < 0.3:
        pen.report(enrolment, start - pen.random.randrange(1, 4) * WEEK + pen.some_minutes(), Status.REGISTERED)
    if attempt == 1 and pen.random.random() < 0.05:
        pen.report(enrolment, start + pen.random.randrange(2, 6) * WEEK + pen.some_minutes(), Status.WITHDRAWN)
        return True
    passed = True
    for step in course.steps:
        if pen.random.random() < step.taken:
            passed &= _do(pen, step, start + step.week * WEEK + pen.some_minutes(), ability, attempt)
    return passed


def _retake(pen: _Pen, course: Course, term: int, ability: float) -> None:
    """The term after, somewhat wiser."""
    later = next((each for each in range(term + 1, len(TERMS)) if course.short or each not in SUMMERS), None)
    if later is not None:
        _take(pen, course, TERMS[later], min(0.95, ability + 0.12), attempt=2)


def _do(pen: _Pen, step: Step, time: datetime, ability: float, attempt: int) -> bool:
    """One step of a course; False if it was failed."""
    mark = pen.mark(ability, step.hard)
    match step.shape:
        case "completed":
            _afterwards(pen, step, pen.report(step, time, Status.COMPLETED, attempt=attempt))
            return True
        case "scored":
            return _scored(pen, step, time, ability, mark, first=(attempt - 1) * step.attempts + 1) >= PASS_MARK
        case "result" | "graded":
            status = Status.PASSED if mark >= PASS_MARK else Status.FAILED
            grade = _grade(mark) if step.shape == "graded" else None
            _afterwards(pen, step, pen.report(step, time, status, attempt=attempt, grade=grade))
            return status is Status.PASSED
        case "annual":
            status = Status.PASSED if mark >= PASS_MARK else Status.FAILED
            pen.report(step, time, status, attempt=attempt)
            again = time + timedelta(days=pen.random.randrange(300, 360))
            if status is Status.PASSED and pen.random.random() < 0.5 and again < TERMS[-1] + 10 * WEEK:
                pen.report(step, again, Status.PASSED, attempt=attempt + 1)
            return status is Status.PASSED


def _scored(pen: _Pen, step: Step, time: datetime, ability: float, mark: float, first: int) -> float:
    """The attempts at something with a score: who is content stops. The last one may be regraded; its first mark is returned."""
    for attempt in range(first, first + step.attempts):
        report = pen.report(step, time, Status.SCORED, attempt=attempt, mark=mark)
        if mark > 0.75 or attempt == first + step.attempts - 1 or pen.random.random() < 0.3:
            break
        time += timedelta(days=pen.random.randrange(2, 9))
        mark = pen.mark(ability + 0.1 * (attempt - first + 1), step.hard)
    if pen.random.random() < 0.03:
        higher = pen.random.random() < 0.7
        again = min(1.0, max(0.0, mark + (0.08 if higher else -0.08)))
        pen.report(step, report.time + timedelta(days=pen.random.randrange(5, 20)), Status.SCORED, attempt=attempt, mark=again)
    else:
        _afterwards(pen, step, report)
    return mark


def _afterwards(pen: _Pen, step: Step, report: Report) -> None:
    """Rarely something turns out to have been wrong: a slip is corrected, or the report is taken back."""
    chance = pen.random.random()
    later = report.time + timedelta(days=pen.random.randrange(3, 30), minutes=pen.random.randrange(60))
    if chance < 0.008:
        reason = pen.random.choice(("academic misconduct", "reported for another person"))
        pen.write(report.source, later, CompletionRetracted(learner=pen.learner, retracts=report.id, reason=reason))
    elif chance < 0.025:
        assert isinstance(report.body, CompletionReported)
        body_ = report.body.model_copy(update=_corrected(report.body) | {"corrects": report.id})
        pen.write(report.source, later, body_)


def _corrected(body: CompletionReported) -> dict[str, object]:
    """What was really meant."""
    if body.score is not None and body.score.raw is not None and body.score.max is not None:
        mirrored = int(str(int(body.score.raw)).zfill(2)[::-1])
        return {"score": Score(raw=Decimal(min(mirrored, 100)), max=body.score.max)}
    if body.status in (Status.PASSED, Status.FAILED):
        passed = body.status is Status.FAILED
        grade = None if body.grade is None else ("C" if passed else "F")
        return {"status": Status.PASSED if passed else Status.FAILED, "grade": grade}
    return {"status": Status.STARTED}


def _grade(mark: float) -> str:
    return next((grade for least, grade in GRADES if mark >= least), "F")


def _sent_twice(random: Random, reports: Sequence[Report]) -> list[Report]:
    """Sources send some reports again, the same bytes some time later."""
    return [
        replace(report, arrives=report.arrives + timedelta(minutes=random.randrange(1, 4_000)))
        for report in random.sample(reports, k=len(reports) // 60)
    ]

"""`python -m shared.credentials.worker`: does what can be made to take long, so that it can be killed.

Canonical forms, inflating, pictures, patterns of schemas: all of it is written by strangers. Frames (see `frames`) come on
standard input and go on standard output. A question is {job, number, within, ...}, the answer {number} with one of {answer},
{refused: {code, says}} and {failed: why}; without a number if whoever worked on it was ended.
"""

from __future__ import annotations

import gc
import os
import re
import resource
import signal
from collections.abc import Callable, Mapping
from io import FileIO
from typing import Any, Final

import jsonschema
import orjson
import referencing
from jsonschema.exceptions import UnknownType, best_match

from shared.credentials import canonical, contexts, jwts, proofs, status
from shared.credentials.frames import HEAD, framed
from shared.credentials.keys import BadKey, public_key_of_jwk
from shared.credentials.multibase import NotMultibase
from shared.credentials.reading import Unreadable, brought, unwrapped
from shared.credentials.renaming import renamed
from shared.credentials.structure import amiss

MOST_MEMORY: Final = 2_000_000_000


def read(question: Mapping[str, Any], data: bytes) -> dict[str, Any]:
    found = brought(data)
    return {
        "document": found.document,
        "source": found.source,
        "token": found.token,
        "header": found.header,
        "claims": found.claims,
    }


def unwrap(question: Mapping[str, Any], data: bytes) -> dict[str, Any]:
    return unwrapped(data)


def proof(question: Mapping[str, Any], data: bytes) -> dict[str, Any]:
    """{good}, or why it can't be told: {code, params} of a finding."""
    try:
        document, documents = question["document"], question["documents"]
        good = proofs.proof_is_good(document, question["proof"], public_key_of_jwk(question["key"]), documents)
        if good and "-rdfc-" in question["proof"]["cryptosuite"] and (hidden := renamed(document, documents)):
            return {"code": "proof.renamed", "params": {"members": ", ".join(hidden[:5])}}
        return {"good": good}
    except canonical.UndefinedTerms as error:
        return {"code": "proof.uncovered", "params": {"members": ", ".join(error.names[:10])}}
    except contexts.UnknownContext as error:
        return {"code": "proof.context_unavailable", "params": {"address": error.url, "reason": "it is not known here"}}
    except canonical.NotCanonical as error:
        code = "proof.malformed" if "would not cover" in error.reason else "proof.not_canonical"
        return {"code": code, "params": {"reason": error.reason.rstrip(".")}}
    except proofs.NotSupported as error:
        return {"code": "proof.suite_unsupported", "params": {"suite": error.what}}
    except (NotMultibase, BadKey) as error:
        return {"code": "proof.malformed", "params": {"reason": str(error)}}


def token(question: Mapping[str, Any], data: bytes) -> dict[str, Any]:
    return {"good": jwts.jwt_is_good(question["token"], public_key_of_jwk(question["key"]))}


def structure(question: Mapping[str, Any], data: bytes) -> list[Any]:
    return [list(found) for found in amiss(question["document"])]


def schema(question: Mapping[str, Any], data: bytes) -> dict[str, Any] | None:
    """None if the document is as the schema asks; {member, reason} if not; {unreadable} if the schema is none.

    References to other documents are not followed. The schema itself is not looked through first: of 1EdTech's own that takes
    twenty times as long as comparing with it.
    """
    asked = question["schema"]
    validator = jsonschema.validators.validator_for(asked, default=jsonschema.Draft202012Validator)
    try:
        problem = best_match(validator(asked, registry=referencing.Registry()).iter_errors(question["document"]))
    except referencing.exceptions.Unresolvable:
        return {"unreadable": "it refers to other schemas"}
    except RecursionError:
        return {"unreadable": "it refers to itself without end"}
    except (UnknownType, re.error, TypeError, ValueError, KeyError, AttributeError):
        return {"unreadable": "it is no JSON Schema"}
    if problem is None:
        return None
    return {"member": problem.json_path.removeprefix("$.") or "its top", "reason": problem.message[:200]}


def bit(question: Mapping[str, Any], data: bytes) -> dict[str, Any]:
    """{size, set} of one place of a status list, or {malformed}. `set` is None if the list is too short to have the place."""
    try:
        bits = status.decoded(question["encoded"])
    except status.TooLarge:
        return {"malformed": "it is larger than any status list needs to be"}
    except status.Malformed as error:
        return {"malformed": str(error)}
    size, index = bits.size, question["index"]
    return {"size": size, "set": bits.get(index) if index < size else None}


JOBS: Final[Mapping[str, Callable[[Mapping[str, Any], bytes], Any]]] = {
    "read": read,
    "unwrap": unwrap,
    "proof": proof,
    "token": token,
    "structure": structure,
    "schema": schema,
    "bit": bit,
}


def answer(question: Mapping[str, Any], data: bytes) -> dict[str, Any]:
    try:
        return {"answer": JOBS[question["job"]](question, data)}
    except Unreadable as error:
        return {"refused": {"code": error.code, "says": error.says}}
    except (MemoryError, RecursionError) as error:
        return {"failed": type(error).__name__}
    except Exception as error:  # noqa: BLE001 - whatever a library trips over in a stranger's document, the next one is served
        return {"failed": f"{type(error).__name__}: {str(error)[:200]}"}


def warmed() -> None:
    """Reads the contexts that credentials name, so that whoever is forked from here has them."""
    for named in ([contexts.CREDENTIALS, contexts.OPEN_BADGES], [contexts.CREDENTIALS, contexts.CLR, contexts.OPEN_BADGES]):
        canonical.canonical({"@context": [*named, contexts.EXTENSIONS], "type": ["VerifiableCredential"], "issuer": "urn:x:y"})
    amiss({})


def serve(questions: FileIO, answers: FileIO) -> None:
    """Answers until the questions end. The alarm ends the process wherever it is, also where Python would not notice a signal."""
    while head := exactly(questions, HEAD.size):
        length, size = HEAD.unpack(head)
        question, data = orjson.loads(exactly(questions, length)), exactly(questions, size)
        signal.setitimer(signal.ITIMER_REAL, question["within"])
        reply = framed({"number": question["number"], **answer(question, data)})
        signal.setitimer(signal.ITIMER_REAL, 0)
        wholly(answers, reply)


def exactly(source: FileIO, size: int) -> bytes:
    """Unbuffered, so that nothing that was asked is lost with whoever read it. Empty at the end."""
    found = bytearray()
    while len(found) < size and (piece := source.read(size - len(found))):
        found += piece
    return bytes(found) if len(found) == size else b""


def wholly(sink: FileIO, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[sink.write(view) or 0 :]


def main(questions: FileIO, answers: FileIO) -> None:
    """Forks one that serves, and the next one at once when its alarm has ended it: that takes milliseconds, a start a second."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warmed()
    gc.freeze()
    while True:
        if (child := os.fork()) == 0:
            serve(questions, answers)
            os._exit(0)
        _, ended = os.waitpid(child, 0)
        if os.WIFEXITED(ended):
            return
        wholly(answers, framed({"number": None, "failed": f"signal {os.WTERMSIG(ended)}"}))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with FileIO(os.dup(0), "r") as asked, FileIO(os.dup(1), "w") as replies:
        os.dup2(2, 1)  # what a library prints is no answer
        main(asked, replies)

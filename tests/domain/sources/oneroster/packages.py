"""A OneRoster source, and zips as the CSV binding has them, in few words."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from services.assessment.sources.claims import Claim, Nothing
from services.assessment.sources.document import Source
from services.assessment.sources.formats.oneroster import read
from services.assessment.sources.formats.oneroster.package import lines

ABSENT = [
    "academicSessions",
    "categories",
    "classes",
    "classResources",
    "courses",
    "courseResources",
    "demographics",
    "enrollments",
    "lineItemLearningObjectiveIds",
    "lineItemScoreScales",
    "orgs",
    "resources",
    "resultLearningObjectiveIds",
    "resultScoreScales",
    "roles",
    "scoreScales",
    "userProfiles",
    "userResources",
]

RESULTS = (
    "sourcedId,status,dateLastModified,lineItemSourcedId,studentSourcedId,scoreStatus,score,scoreDate,comment,textScore,"
    "classSourcedId,inProgress,incomplete,late,missing,metadata.term\n"
    "r-1,active,2026-11-20T08:00:00.000Z,li-1,stu-1,fully graded,17,2026-11-19,Well done,,cls-1,false,false,false,false,fall\n"
    "r-2,active,2026-11-20T08:00:00.000Z,li-1,stu-2,not submitted,,2026-11-19,,,cls-1,false,true,false,true,fall\n"
    "r-3,tobedeleted,2026-11-21T08:00:00.000Z,li-2,stu-1,fully graded,5,2026-11-19,,,cls-1,,,,,\n"
)
LINE_ITEMS = (
    "sourcedId,status,dateLastModified,title,description,assignDate,dueDate,classSourcedId,categorySourcedId,"
    "academicSessionSourcedId,resultValueMin,resultValueMax,schoolSourcedId\n"
    "li-1,active,2026-09-01T00:00:00.000Z,Proofs quiz,,2026-09-01,2026-09-04,cls-1,cat-1,term-1,0,20,sch-1\n"
    "li-2,active,2026-09-01T00:00:00.000Z,Essay,,2026-09-01,2026-10-04,cls-1,cat-1,term-1,,10,sch-1\n"
)
USERS = (
    "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,"
    "userMasterIdentifier\n"
    'stu-1,active,2026-09-01T00:00:00.000Z,true,ada,"{LDAP:ada.l},{LTI:17}",Ada,Lovelace,,S-1001,ada@example.edu,M-1\n'
)


def manifest(**files: str) -> str:
    said = {"manifest.version": "1.0", "oneroster.version": "1.2"}
    said |= {f"file.{name}": "absent" for name in ABSENT} | {
        "file.lineItems": "delta",
        "file.results": "delta",
        "file.users": "delta",
    }
    said |= {name.replace("_", "."): mode for name, mode in files.items()}
    return "propertyName,value\n" + "".join(f"{name},{value}\n" for name, value in said.items())


def package(files: Mapping[str, str | bytes | None] | None = None) -> bytes:
    """The zip with these files beside, or in place of, the usual ones; what is None is left out."""
    usual: dict[str, Any] = {"manifest.csv": manifest(), "results.csv": RESULTS, "lineItems.csv": LINE_ITEMS, "users.csv": USERS}
    written = BytesIO()
    with ZipFile(written, "w", ZIP_DEFLATED) as archive:
        for name, content in (usual | dict(files or {})).items():
            if content is not None:
                archive.writestr(name, content)
    return written.getvalue()


def source(**options: Any) -> Source:
    document = {
        "source": "sis",
        "name": "Student information system",
        "owner": "Registrar",
        "format": "oneroster",
        "may_publish": ["*"],
        "options": options,
    }
    return Source.model_validate(document)


def originals(content: bytes) -> list[tuple[int, Any]]:
    return [(line.number, line.original) for line in lines(BytesIO(content))]


def claim(original: Any, where: Source | None = None) -> Claim:
    found = read(original, where or source())
    assert not isinstance(found, Nothing), found.reason
    (one,) = found
    return one

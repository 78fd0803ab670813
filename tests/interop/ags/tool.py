"""A tool that sends scores, with PyLTI1p3's own connector and its own key pair: no code of the platform's is in it.

Run in an environment that has it. Input: a JSON object {token_url, audience, client, kid, private_key, lineitems, lineitem,
scores: [{user, given, maximum, timestamp, activity, grading, comment}]}. Output: what each was answered, as JSON.
"""

# mypy: disable-error-code="import-not-found"

import json
import sys
from typing import Any

from pylti1p3.assignments_grades import AssignmentsGradesService
from pylti1p3.exception import LtiServiceException
from pylti1p3.grade import Grade
from pylti1p3.registration import Registration
from pylti1p3.service_connector import ServiceConnector

SCOPES = [f"https://purl.imsglobal.org/spec/lti-ags/scope/{name}" for name in ("score", "lineitem.readonly", "lineitem")]


class WithKid(Registration):  # type: ignore[misc]
    """As tools do whose platform has their keys as a set."""

    kid = ""

    def get_kid(self) -> str:
        return self.kid


def connected(job: dict[str, Any]) -> AssignmentsGradesService:
    registration = WithKid()
    registration.set_client_id(job["client"]).set_auth_token_url(job["token_url"])
    registration.set_auth_audience(job["audience"])
    registration.set_tool_private_key(job["private_key"])
    registration.kid = job["kid"]
    data = {"scope": SCOPES, "lineitems": job["lineitems"], "lineitem": job["lineitem"]}
    return AssignmentsGradesService(ServiceConnector(registration), data)


def graded(score: dict[str, Any]) -> Grade:
    grade = Grade().set_user_id(score["user"]).set_timestamp(score["timestamp"]).set_comment(score["comment"])
    grade.set_activity_progress(score["activity"]).set_grading_progress(score["grading"])
    if score["given"] is not None:
        grade.set_score_given(score["given"]).set_score_maximum(score["maximum"])
    return grade


def answered(service: AssignmentsGradesService, score: dict[str, Any]) -> Any:
    try:
        return service.put_grade(graded(score))["body"]
    except LtiServiceException as error:
        return {"failed": str(error), "status": error.response.status_code}


def main() -> None:
    job = json.load(sys.stdin)
    service = connected(job)
    answers = [answered(service, score) for score in job["scores"]]
    json.dump({"lineitems": service.get_lineitems(), "answers": answers}, sys.stdout)


main()

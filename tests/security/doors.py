"""Every operation of every service, and what opens it: written by hand, so that a new one has to be thought of.

`public`: nothing. `anyone`: any token. `source`: a key of a source, and no platform token. Else scopes, any of which is enough;
`own` says that a learner's token opens what is the learner's own, `hidden` that whoever may not is told of nothing there.
"""

from __future__ import annotations

from typing import Final

_HEALTH = """
GET /health/live public
GET /health/ready public
"""

CATALOG = """
GET /definitions public
GET /schemas/{name} public
GET /{kinds}/{id} public
GET /{kinds}/{id}/versions public
GET /{kinds}/{id}/versions/{version} public
GET /{kinds}/{id}/versions/{version}/endorsements public
GET /{kinds}/{id}/versions/{version}/endorsements/{digest} public
GET /drafts catalog:read catalog:write
GET /drafts/{kinds}/{id} catalog:read catalog:write
GET /publications catalog:read catalog:write
PUT /drafts/{kinds}/{id} catalog:write
DELETE /drafts/{kinds}/{id} catalog:write
POST /drafts/{kinds}/{id}/validate catalog:write
POST /drafts/{kinds}/{id}/publish catalog:write
POST /validate catalog:write
POST /apply catalog:write
POST /{kinds}/{id}/revise catalog:write
POST /{kinds}/{id}/retire catalog:write
POST /{kinds}/{id}/versions/{version}/endorsements catalog:write
DELETE /{kinds}/{id}/versions/{version}/endorsements/{digest} catalog:write
GET /operations operations:read
"""

ASSESSMENT = """
GET /source-formats public
GET /source-formats/{format}/schema public
GET /.well-known/oauth-authorization-server public
POST /oauth/token source
POST /completions completions:publish
POST /sources/{source}/completions source
POST /sources/{source}/caliper source
POST /sources/{source}/canvas source
POST /sources/{source}/moodle source
POST /sources/{source}/oneroster source
GET /ags/lineitems source
POST /ags/lineitems source
GET /ags/lineitems/{lineitem} source
POST /ags/lineitems/{lineitem}/scores source
POST /xapi/statements source
PUT /xapi/statements source
GET /xapi/about public
POST /sources/{source}/proofs submissions:write own
GET /learners/{learner}/entries entries:read own
GET /learners/{learner}/verdicts verdicts:read own
GET /learners/{learner}/achievements/{achievement} verdicts:read own
GET /learners/{learner}/proofs entries:read own
GET /learners/{learner}/decisions decisions:write
GET /decisions/{decision} decisions:write
POST /learners/{learner}/achievements/{achievement}/waivers decisions:write
POST /learners/{learner}/achievements/{achievement}/substitutions decisions:write
DELETE /learners/{learner}/decisions/{decision} decisions:write
POST /learners/{learner}/erasure decisions:write
GET /sweeps operations:read
GET /sources sources:read
GET /sources/{source} sources:read
GET /sources/{source}/health sources:read
GET /sources/{source}/keys sources:read
GET /sources/{source}/held sources:read
GET /sources/{source}/held/summary sources:read
GET /sources/{source}/accounts sources:read
GET /sources/{source}/proofs sources:read
GET /sources/{source}/reruns sources:read
GET /sources/{source}/reruns/{rerun} sources:read
GET /accounts sources:read
PUT /sources/{source} sources:write
POST /sources/{source}/pause sources:write
POST /sources/{source}/resume sources:write
POST /sources/{source}/trial sources:write
POST /sources/{source}/keys sources:write
POST /sources/{source}/keys/{key}/retire sources:write
POST /sources/{source}/held/discard sources:write
POST /sources/{source}/reruns sources:write
POST /sources/{source}/proofs/{proof}/check sources:write
GET /sources/{source}/originals/{id} originals:read
GET /learners/{learner}/entries/{source}/{id}/original originals:read
GET /directories/{directory} directory:write
PUT /directories/{directory}/names directory:write
DELETE /directories/{directory}/names directory:write
POST /directories/{directory}/lookups directory:write
POST /sources/{source}/files sources:write
GET /sources/{source}/files sources:read
GET /sources/{source}/files/{file} sources:read
GET /sources/{source}/files/{file}/lines sources:read
GET /sources/{source}/files/{file}/refusals sources:read
POST /sources/{source}/files/{file}/cancel sources:write
GET /reviews anyone
POST /learners/{learner}/submissions submissions:write own
GET /learners/{learner}/submissions submissions:write reviews:read reviews:assess own
GET /submissions/{submission} submissions:write reviews:read reviews:assess own hidden
GET /submissions/{submission}/files/{file} submissions:write reviews:read reviews:assess own hidden
PUT /submissions/{submission}/evidence submissions:write own hidden
POST /submissions/{submission}/files submissions:write own hidden
DELETE /submissions/{submission}/files/{file} submissions:write own hidden
POST /submissions/{submission}/handing-in submissions:write own hidden
POST /submissions/{submission}/withdrawal submissions:write own hidden
POST /submissions/{submission}/appeal submissions:write reviews:assess own hidden
GET /reviews/queue reviews:assess reviews:read
GET /reviews/waiting reviews:assess reviews:read
POST /submissions/{submission}/seat reviews:assess hidden
POST /submissions/{submission}/giving-back reviews:assess hidden
POST /submissions/{submission}/conflict reviews:assess hidden
PUT /submissions/{submission}/sheet reviews:assess hidden
POST /submissions/{submission}/judgement reviews:assess hidden
POST /submissions/{submission}/second reviews:assess hidden
POST /submissions/{submission}/question reviews:assess hidden
GET /operations operations:read
GET /operations/dead-letters operations:read
GET /operations/dead-letters/{partition}/{offset} operations:read
POST /operations/dead-letters/{partition}/{offset}/redrive operations:write
POST /operations/consumers/pause operations:write
POST /operations/consumers/resume operations:write
GET /operations/learners/{learner} operations:read
"""

AWARDING = """
POST /checks public
GET /issuers/{unit} public
GET /issuers/{unit}/did.json public
GET /issuers/{unit}/documents public
GET /issuers/{unit}/status/{list_} public
GET /pictures/{achievement}/{version}.{form} public
GET /learners/{learner}/awards awards:read own
GET /learners/{learner}/stacks awards:read own
GET /learners/{learner}/achievements/{achievement} awards:read own
GET /learners/{learner}/record awards:read own
GET /awards/{award} awards:read own
GET /awards/{award}/credential awards:read own
GET /achievements/{achievement}/awards awards:read
GET /stacks/{stack}/levels/{level}/one-step-away awards:read
POST /awards awards:write
POST /awards/{award}/revocation awards:write
GET /sweeps operations:read
GET /learners/{learner}/shares own
POST /learners/{learner}/shares own
DELETE /learners/{learner}/shares/{share} own
GET /operations operations:read
GET /operations/dead-letters operations:read
GET /operations/dead-letters/{partition}/{offset} operations:read
POST /operations/dead-letters/{partition}/{offset}/redrive operations:write
POST /operations/consumers/pause operations:write
POST /operations/consumers/resume operations:write
GET /operations/learners/{learner} operations:read
"""

NOTIFICATIONS = """
GET /learners/{learner}/inbox inbox:read own
POST /learners/{learner}/inbox/{message}/read inbox:read own
GET /learners/{learner}/contact contacts:read own
PUT /learners/{learner}/contact contacts:write own
DELETE /learners/{learner}/contact contacts:write own
GET /learners/{learner}/identity contacts:read own
PUT /learners/{learner}/identity contacts:write own
DELETE /learners/{learner}/identity contacts:write own
POST /contacts contacts:write
GET /deliveries operations:read
GET /deliveries/states operations:read
GET /deliveries/{delivery} operations:read
POST /deliveries/{delivery}/retry operations:read
GET /operations operations:read
GET /operations/dead-letters operations:read
GET /operations/dead-letters/{partition}/{offset} operations:read
POST /operations/dead-letters/{partition}/{offset}/redrive operations:write
POST /operations/consumers/pause operations:write
POST /operations/consumers/resume operations:write
GET /operations/learners/{learner} operations:read
"""


def _read(text: str) -> dict[str, tuple[str, ...]]:
    lines = [line.split() for line in (text + _HEALTH).splitlines() if line]
    return {f"{method} {path}": tuple(opens) for method, path, *opens in lines}


OPENED_BY: Final = {
    "catalog": _read(CATALOG),
    "assessment": _read(ASSESSMENT),
    "awarding": _read(AWARDING),
    "notifications": _read(NOTIFICATIONS),
}

PUBLIC_PAGES: Final = {
    "catalog": {"/", "/catalog", "/microcredentials", "/microcredentials/{id}", "/microcredentials/{id}/versions/{number}"},
    "assessment": {"/", "/xapi/{rest}"},
    "awarding": {
        *("/", "/check", "/issuers/{unit}", "/shared/{token}", "/shared/{token}/awards/{award}"),
        *("/shared/{token}/credential.{form}", "/shared/{token}/awards/{award}/credential.{form}"),
    },
    "notifications": {"/"},
}
"""Pages that nobody need sign in for, beside those of signing in, pictures and styles."""
EVERYWHERE: Final = {
    "/openapi.json",
    "/docs",
    "/docs/oauth2-redirect",
    "/sign-in",
    "/sign-in/back",
    "/sign-out",
    "/static/{name}",
}

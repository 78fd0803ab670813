"""What becomes of each collection of assessment in a replay.

rebuilt: from the archive (`entries`, `decisions`) and the publications; copied: taken over as it was; left: begins anew.
"""

from __future__ import annotations

from typing import Final

COLLECTIONS: Final = {
    "records": "rebuilt",
    "facts": "rebuilt",
    "checkpoints": "rebuilt",
    "switches": "copied",
    "workers": "left",
    "entries": "copied",
    "decisions": "copied",
    "readings": "copied",
    "people": "copied",
    "erasures": "copied",
    "names": "copied",
    "originals": "copied",
    "held": "copied",
    "known": "copied",
    "outbox": "copied",
    "parcels": "copied",
    "tallies": "copied",
    "refusals": "copied",
    "sources": "copied",
    "source_revisions": "copied",
    "source_keys": "copied",
    "source_tokens": "copied",
    "source_assertions": "copied",
    "source_quotas": "copied",
    "reruns": "copied",
    "files": "copied",
    "file_parts": "copied",
    "file_refusals": "copied",
    "file_trials": "copied",
    "file_turns": "copied",
    "proofs": "copied",
    "unread": "copied",
    "listening": "copied",
    "submissions": "copied",
    "evidence": "copied",
}

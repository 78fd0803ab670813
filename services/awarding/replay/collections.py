"""What becomes of each collection of awarding in a replay.

rebuilt: from `awarding.awards`, the verdicts and the publications; copied: taken over as it was; left: begins anew.
"""

from __future__ import annotations

from typing import Final

COLLECTIONS: Final = {
    "records": "rebuilt",
    "facts": "rebuilt",
    "checkpoints": "rebuilt",
    "switches": "copied",
    "workers": "left",
    "awards": "rebuilt",
    "progress": "rebuilt",
    "credentials": "rebuilt",
    "status_changes": "rebuilt",
    "identities": "copied",
    "shares": "copied",
    "identity_documents": "copied",
    "endorsements": "copied",
}

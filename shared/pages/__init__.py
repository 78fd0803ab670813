"""Pages that people read: templates, languages, one style, and the headers that keep browsers safe.

One design for every service that shows something. A service brings templates and translations of its own in a package
(`services/<name>/pages/`), which come before those here.
"""

from shared.pages.pages import Pages

__all__ = ["Pages"]

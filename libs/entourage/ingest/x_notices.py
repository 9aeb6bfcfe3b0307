"""Name the compliance events of X as the kinds of `silver.tombstones`, whichever of its wires brings them.

in: X's word for an event ▶ out: the kind.

X asks to delete what is deleted, and to hide what is withheld, dropped, protected or suspended until that is undone.
Only the kinds of `posts.ENDING` and `scrub_geo` change rows; the others are noted.
Reference: https://developer.x.com/en/docs/x-api/compliance/streams/integrate/compliance-data-objects
"""

from __future__ import annotations

KINDS = {
    "delete": "delete",
    "tweet_edit": "edit",
    "scrub_geo": "scrub_geo",
    "withheld": "withheld",
    "tweet_withheld": "withheld",
    "status_withheld": "withheld",
    "user_withheld": "withheld",
    "drop": "drop",
    "undrop": "undrop",
    "user_delete": "user_delete",
    "user_undelete": "user_undelete",
    "user_protect": "user_protect",
    "user_unprotect": "user_unprotect",
    "user_suspend": "user_suspend",
    "user_unsuspend": "user_unsuspend",
}


def is_of_user(event: str) -> bool:
    """Tell whether an event is about an account."""
    return event.startswith("user_") or event == "scrub_geo"

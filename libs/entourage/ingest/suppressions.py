"""Leave out whom ops.suppressions names: the table keeps keyed hashes only, and so does this module.

in: an item, or a row of a business source ▶ out: the same without suppressed people. Plain Python: it runs in Spark's
workers, so that no identifier and no key ever stands in a plan or in a log.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from entourage.ingest.wire import Item

KINDS = ("record", "account", "email", "phone")
PHONE_DIGITS = 9  # the last ones: with a country's code or without, one number is one number
# An at-URI names its author.
AT_URI = re.compile(r"at://(did:[^/]+)")
# Of a row of a business source: which columns name whom.
COLUMNS = {
    "record_id": "record",
    "account_id": "account",
    "src_account_id": "account",
    "dst_account_id": "account",
    "emails": "email",
    "email": "email",
    "sender": "email",
    "recipients": "email",
    "copied": "email",
    "phones": "phone",
    "phone": "phone",
    "login_ids": "account",
    "loyalty_id": "account",
    "social_ids": "account",
}
# What of a post by somebody else names an account, and the post that goes with it.
RELATED = {"in_reply_to_account_id": "in_reply_to_post_id", "shared_account_id": "shared_post_id"}


def keyed_hash(kind: str, identifier: str, *, key: bytes) -> str:
    """Return the HMAC-SHA256 of an identifier in its plain form: who lacks the key cannot try out addresses."""
    return hmac.digest(key, f"{kind}\n{plain(kind, identifier)}".encode(), "sha256").hex()


def plain(kind: str, identifier: str) -> str:
    """Return one spelling of an identifier: addresses in lower case, of a phone number the last nine digits."""
    text = identifier.strip()
    if kind == "email":
        return text.lower()
    return re.sub(r"\D", "", text)[-PHONE_DIGITS:] if kind == "phone" else text


@dataclass(frozen=True)
class Suppressions:
    """Whom to leave out.

    Attributes:
        key: of the lake.
        hashes: kind and keyed hash of each suppressed identifier; without any nothing is looked at.
    """

    key: bytes = b""
    hashes: frozenset[tuple[str, str]] = frozenset()

    def names(self, kind: str, identifier: Any) -> bool:
        """Tell whether an identifier is suppressed."""
        if not self.hashes or not isinstance(identifier, str) or kind not in KINDS:
            return False
        return (kind, keyed_hash(kind, identifier, key=self.key)) in self.hashes

    def item(self, item: Item) -> tuple[Item, bool, bool]:
        """Take suppressed accounts out of an item.

        Returns:
            The item, without what a post by somebody else says of them; whether it is theirs and must be left out;
            whether its payload names them and must not be kept.
        """
        if not self.hashes:
            return item, False, False
        if any(self._is_named(identifier) for identifier in _owners(item)):
            return item, True, True
        post = item["post"]
        kept = None if post is None else self._without(post)
        return ({**item, "post": kept}, False, True) if kept != post else (item, False, False)

    def row(self, row: Mapping[str, Any]) -> bool:
        """Tell whether a row of a business source names a suppressed person, by any of its identifiers."""
        if not self.hashes:
            return False
        said = [(kind, value) for name, kind in COLUMNS.items() for value in _listed(row.get(name))]
        said.append((str(row.get("identifier_kind")), row.get("identifier")))
        return any(self.names(kind, value) for kind, value in said)

    def _is_named(self, identifier: Any) -> bool:
        author = AT_URI.search(identifier) if isinstance(identifier, str) else None
        return self.names("account", identifier) or (
            author is not None and self.names("account", f"bluesky:{author.group(1)}")
        )

    def _without(self, post: dict[str, Any]) -> dict[str, Any]:
        gone = {name for pair in RELATED.items() if any(self._is_named(post[name]) for name in pair) for name in pair}
        gone |= {"root_post_id"} if self._is_named(post["root_post_id"]) else set()
        mentions = post["mentions"] and [name for name in post["mentions"] if not self._is_named(name)]
        return {**post, "mentions": mentions, **dict.fromkeys(gone)}


def _owners(item: Item) -> Iterator[Any]:
    """Yield the accounts whose an item is: its author, its account, both ends of its act, what it retracts."""
    names = {
        "post": ("account_id", "post_id"),
        "account": ("account_id",),
        "act": ("src_account_id", "dst_account_id", "object_id"),
        "retraction": ("object_id",),
    }
    for struct, columns in names.items():
        found = item[struct]
        if found is not None:
            yield from (found[name] for name in columns)


def _listed(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else [value]

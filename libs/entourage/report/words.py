"""Say codes and numbers in a person's words.

in: codes of the tables, numbers ▶ out: words of the page.
"""

from __future__ import annotations

import datetime as dt

THIN = "\N{NARROW NO-BREAK SPACE}"
NONE = "–"

NETWORKS = {
    "x": "X",
    "bluesky": "Bluesky",
    "facebook": "Facebook",
    "instagram": "Instagram",
    "reddit": "Reddit",
    "mastodon": "Mastodon",
    "youtube": "YouTube",
    "linkedin": "LinkedIn",
    "other": "Other",
}
LANGUAGES = {
    "en": "English",
    "fr": "French",
    "de": "German",
    "es": "Spanish",
    "it": "Italian",
    "nl": "Dutch",
    "pt": "Portuguese",
    "und": "Not told",
}
ACRONYMS = {"json": "JSON", "csv": "CSV", "nul": "NUL", "id": "id", "crm": "CRM"}
TABLES = {
    "silver.posts": "Posts",
    "silver.accounts": "Accounts",
    "silver.edges": "Follows and reactions",
    "silver.metric_snapshots": "Counter readings",
    "silver.tombstones": "Deletions",
    "silver.source_records": "Business records",
    "silver.consent_events": "Consents",
}
REASONS = {
    "complaint": "A complaint",
    "experience": "Tells of an experience",
    "intent": "Means to buy or do something",
    "life_event": "An event in a life",
    "question": "Asks something",
    "taste": "Likes or dislikes something",
    "deleted": "Deleted by the author or network",
    "share": "A bare reshare",
    "empty": "No words",
    "link_only": "Only a link",
    "language": "A language that is not read",
    "repeated": "The same words over and over",
    "posting_rate": "More posts a day than a person writes",
    "bot": "Written by a bot",
    "chatter": "Chatter",
    "news": "News",
    "spam": "Spam",
    "below_threshold": "Of some use, but others more so",
}
LINKS = {
    "single": "Known once, nothing to link",
    "match": "Name and contact details agree",
    "login": "Same login or loyalty number",
    "social_login": "Owner signed in with the account",
    "consented_match": "Details agree, with the owner's consent",
}
BASES = {
    "consent": "Consent of the owner",
    "self_provided": "Given by the owner (social login, form)",
    "contract": "Customer relationship",
}


def count(number: float | None) -> str:
    """Return 1,234."""
    return NONE if number is None else f"{number:,.0f}"


def ratio(share: float | None) -> str:
    """Return 19.8 %."""
    return NONE if share is None else f"{100 * share:.1f}{THIN}%"


def decimal(number: float | None, digits: int = 2) -> str:
    """Return 0.87, never -0.00."""
    return NONE if number is None else f"{round(number, digits) + 0.0:.{digits}f}"


def day(date: dt.date | None) -> str:
    """Return 1 March 2026."""
    return NONE if date is None else f"{date.day} {date:%B %Y}"


def seconds(duration: float) -> str:
    """Return 4.2 s, or 3 min 20 s."""
    if duration < 60:
        return f"{duration:.1f}{THIN}s"
    return f"{int(duration // 60)}{THIN}min {int(duration % 60)}{THIN}s"


def network(code: str) -> str:
    """Return a network's name."""
    return NETWORKS.get(code, "All networks" if code == "all" else NETWORKS["other"])


def language(code: str) -> str:
    """Return a language's name, or its code in capitals."""
    return LANGUAGES.get(code, code.upper())


def reason(code: str) -> str:
    """Return why a post was kept or left out, in words."""
    return REASONS.get(code, plain(code))


def link(code: str) -> str:
    """Return what made a link, in words."""
    return LINKS.get(code, plain(code))


def basis(code: str) -> str:
    """Return a legal basis in words."""
    return BASES.get(code, plain(code))


def plain(code: str) -> str:
    """Return a code such as bad_json as words: Bad JSON."""
    words = " ".join(ACRONYMS.get(word, word) for word in code.replace("_", " ").replace(".", " ").split())
    return words[:1].upper() + words[1:]


def items(table_name: str, source: str) -> str:
    """Return what the rows of a table are, and the source they came from."""
    name = TABLES.get(table_name, plain(table_name.split(".", 1)[-1]))
    words = ACRONYMS.get(source, source.replace("_", " "))
    return name if source == "posts" or words == name.lower() else f"{name}, {words}"

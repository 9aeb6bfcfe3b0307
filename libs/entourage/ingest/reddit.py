"""Read Reddit comments and submissions, as JSON lines of dumps or as listings of its API.

in: one object ▶ out: items. Post ids are fullnames (t1_… comments, t3_… submissions), for the short ids overlap.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from entourage.ingest import wire
from entourage.ingest.wire import Item, Struct, struct, structs, text

NETWORK = "reddit"
FULLNAMES = tuple(f"t{kind}_" for kind in range(10))
# What a comment or submission is known to say, whether it is read or not.
KNOWN = wire.words(
    """
    all_awardings allow_live_comments approved approved_at_utc approved_by archived associated_award author
    author_cakeday author_created_utc author_flair_background_color author_flair_css_class author_flair_richtext
    author_flair_template_id author_flair_text author_flair_text_color author_flair_type author_fullname
    author_is_blocked author_patreon_flair author_premium awarders banned_at_utc banned_by body body_html body_sha1
    brand_safe can_gild can_mod_post category clicked collapsed collapsed_because_crowd_control collapsed_reason
    collapsed_reason_code comment_type content_categories contest_mode controversiality created created_utc
    crosspost_parent crosspost_parent_list depth discussion_type distinguished domain downs edited event_end
    event_is_live event_start from from_id from_kind gallery_data gilded gildings hidden hide_score id
    ignore_reports is_created_from_ads_ui is_crosspostable is_gallery is_meta is_original_content
    is_reddit_media_domain is_robot_indexable is_self is_submitter is_video likes link_author
    link_flair_background_color link_flair_css_class link_flair_richtext link_flair_template_id link_flair_text
    link_flair_text_color link_flair_type link_id link_permalink link_title link_url locked media media_embed
    media_metadata media_only mod_note mod_reason_by mod_reason_title mod_reports name nest_level no_follow
    num_comments num_crossposts num_duplicates num_reports over_18 parent parent_id parent_whitelist_status
    permalink pinned poll_data post_hint preview pwls quarantine removal_reason removed removed_by
    removed_by_category replies report_reasons retrieved_on retrieved_utc rte_mode saved score score_hidden
    secure_media secure_media_embed selftext selftext_html send_replies spam spoiler stickied subreddit subreddit_id
    subreddit_name_prefixed subreddit_subscribers subreddit_type suggested_sort thumbnail thumbnail_height
    thumbnail_width title top_awarded_type total_awards_received treatment_tags unrepliable_reason updated_on ups
    upvote_ratio url url_overridden_by_dest user_reports view_count visited whitelist_status wls _meta
    link_created_utc
    """
)
GONE = ("[deleted]", "[removed]")


def recognizes(root: Struct) -> bool:
    """Tell a comment, a submission or a listing by its keys."""
    return "subreddit" in root or "subreddit_id" in root or "link_id" in root or root.get("kind") == "Listing"


def items(root: Struct, *, modified_at: dt.datetime, file: str) -> Iterator[Item]:
    """Yield the posts with their authors; a removed text is a retraction too."""
    children = struct(root, "data").get("children")
    if isinstance(children, list):
        things = [struct(child, "data") for child in structs(children)]
    else:  # what lacks an id is refused for that, and nothing else of it is read
        things = [root if text(root.get("id")) is not None else {}]
    for thing in things:
        yield _item(thing, modified_at)


def _item(thing: Struct, modified_at: dt.datetime) -> Item:
    post_id, author = _fullname(thing), text(thing.get("author"))
    created_at = wire.moment(thing.get("created_utc"))
    observed_at = wire.moment(thing.get("retrieved_on")) or created_at or modified_at
    body = text(thing.get("body"))
    is_gone = (text(thing.get("selftext")) if body is None else body) in GONE
    gone = wire.retraction(network=NETWORK, object_id=post_id, kind="delete", occurred_at=created_at)
    return wire.item(
        post=_post(thing, post_id, created_at, observed_at),
        account=None if author in GONE else _account(author, observed_at),
        retraction=gone if is_gone else None,
    )


def _post(
    thing: Struct, post_id: str | None, created_at: dt.datetime | None, observed_at: dt.datetime
) -> dict[str, Any] | None:
    author, parent, link = text(thing.get("author")), text(thing.get("parent_id")), text(thing.get("link_id"))
    link_author = text(thing.get("link_author"))
    is_top = parent is None or parent == link
    return wire.post(
        network=NETWORK,
        post_id=post_id,
        version=wire.millis(wire.moment(thing.get("edited"))),
        account_id=GONE[0] if author is None else author,
        created_at=created_at,
        text=wire.unescaped(_said(thing)),
        observed_at=observed_at,
        reply_to=parent,
        reply_to_account=link_author if is_top and link_author not in GONE else None,
        root=post_id if link is None else link,
        urls=[text(thing.get("url"))] if wire.truth(thing.get("is_self")) is False else [],
        media=_media(thing),
        extra=wire.extra({"subreddit": thing.get("subreddit"), "over_18": thing.get("over_18")}, of=thing, known=KNOWN),
        counters={"score": thing.get("score"), "replies": thing.get("num_comments")},
    )


def _said(thing: Struct) -> str:
    """Return a comment's text, or a submission's title and the text under it; an empty text where there is neither."""
    body = text(thing.get("body"))
    if body is not None:
        return body
    title, selftext = text(thing.get("title")), text(thing.get("selftext"))
    return "\n\n".join(part for part in (title, selftext or None) if part is not None)


def _media(thing: Struct) -> list[str] | None:
    if wire.truth(thing.get("is_video")):
        return ["video"]
    return ["photo"] if thing.get("post_hint") == "image" else None


def _account(author: str | None, observed_at: dt.datetime) -> dict[str, Any] | None:
    return wire.account(network=NETWORK, account_id=author, observed_at=observed_at, handle=author)


def _fullname(thing: Struct) -> str | None:
    """Return t1_… or t3_…: dumps leave the name out, where a comment is what has a body."""
    name, short_id = text(thing.get("name")), text(thing.get("id"))
    if name is not None and name.startswith(FULLNAMES):
        return name
    prefix = "t3_" if text(thing.get("body")) is None else "t1_"
    return None if short_id is None else f"{prefix}{short_id}"

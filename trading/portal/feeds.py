"""Newest notices as an Atom feed (RFC 4287)."""

from __future__ import annotations

from datetime import datetime

from feedgen.feed import FeedGenerator
from flask_babel import gettext as _

from trading.announcements import queries
from trading.announcements import words as notice_words
from trading.projects import words


def atom(procedure: str, *, site: str, root: str, path: str, at: datetime) -> bytes:
    """The newest fifty notices of one procedure, or of all where it is empty."""
    feed = FeedGenerator()
    feed.id(root + path)
    what = words.procedure(procedure) if procedure else _("全部公告")
    feed.title(f"{site} · {what}")
    feed.link(href=root + path, rel="self")
    feed.link(href=f"{root}/search" + (f"?type={procedure}" if procedure else ""), rel="alternate")
    feed.author({"name": site})
    found = queries.find(queries.Filters(type=procedure), at=at, limit=50).items
    versions = queries.latest_versions([notice.id for notice in found])
    feed.updated(versions[found[0].id].published_at or at if found else at)
    for notice in found:
        version = versions[notice.id]
        entry = feed.add_entry(order="append")
        entry.id(f"{root}/notices/{notice.id}")
        entry.title(f"{notice_words.kind(notice.kind, notice.procedure)} · {notice.title}")
        entry.link(href=f"{root}/notices/{notice.id}")
        entry.published(notice.published_at)
        entry.updated(version.published_at or notice.published_at)
        entry.summary(f"{version.body[:500]}\nSHA-256 {version.sha256}")
    return bytes(feed.atom_str(pretty=True))

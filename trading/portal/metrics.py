"""Figures for operators: requests and their time by page and status, nothing about bidders.

What signed-in people do, and what could be counted before an opening (sign-ins, downloads),
runs under one common label: the number of sealings of one evening would be the number of bids.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

REGISTRY = CollectorRegistry()
REQUESTS = Counter("mingtang_requests", "Requests answered", ["endpoint", "status"], registry=REGISTRY)
SECONDS = Histogram("mingtang_request_seconds", "Time to answer", ["endpoint"], registry=REGISTRY,
                    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10))
#: Public pages whose every call may be counted by name.
OPEN = frozenset({"portal.home", "portal.search", "portal.project", "portal.notice", "portal.calendar", "portal.calendar_file",
                  "portal.feed", "portal.verify", "portal.check", "portal.help_page", "operators.healthz", "operators.readyz", "static"})


def count(endpoint: str | None, status: int, seconds: float) -> None:
    label = endpoint if endpoint in OPEN else "other"
    # Statuses outside the open pages would tell a refusal from a filing.
    REQUESTS.labels(label, str(status) if endpoint in OPEN else "any").inc()
    if endpoint in OPEN:
        SECONDS.labels(label).observe(seconds)


def text() -> bytes:
    return generate_latest(REGISTRY)

"""The wake-up: APScheduler calls a function every few seconds; the database decides what is due.

There is no job store. A job that is late, doubled, or killed half-way loses nothing,
because each looks for due work and claims it under its own lock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from apscheduler.schedulers.blocking import BlockingScheduler
from flask import Flask

from trading.base.database import db

log = structlog.get_logger()


@dataclass(frozen=True)
class Job:
    """One line of the timetable: a name, how often to look, what to call."""

    name: str
    seconds: float
    call: Callable[[], object]


def run_once(app: Flask, job: Job) -> None:
    """Call one job; a failure is logged and the next wake-up tries again."""
    with app.app_context():
        try:
            job.call()
        except Exception:
            log.exception("a job failed", job=job.name)
        finally:
            db.session.remove()


def run(app: Flask, timetable: list[Job]) -> None:
    """Call every job of the timetable until stopped."""
    scheduler = BlockingScheduler(timezone="UTC")
    for job in timetable:
        scheduler.add_job(run_once, "interval", seconds=job.seconds, args=[app, job], id=job.name, coalesce=True,
                          max_instances=1, misfire_grace_time=None)
    log.info("the timetable runs", jobs=len(timetable))
    scheduler.start()

"""What is open to everybody: a project once its tender notice is published, with its public files."""

from __future__ import annotations

from trading.announcements import queries
from trading.base.errors import NotFound
from trading.projects import queries as project_queries
from trading.projects import service as projects
from trading.projects import words
from trading.projects.models import Lot, Project, ProjectFile


def project(code: str) -> Project:
    """A project by its public code. Raises NotFound before its notice is published."""
    if not (code.isascii() and code.isalnum()):
        raise NotFound  # a NUL character would be an accident in the database
    found = projects.by_code(code)
    if queries.tender_notice(found.id) is None:
        raise NotFound
    return found


def lot(found: Project, number: int) -> Lot:
    for item in found.lots:
        if item.number == number:
            return item
    raise NotFound


def files(found: Project) -> list[ProjectFile]:
    return [item for item in found.files if item.kind in words.PUBLIC_FILES]


def file(found: Project, file_id: int) -> ProjectFile:
    item = project_queries.file_of(found, file_id)
    if item.kind not in words.PUBLIC_FILES:
        raise NotFound
    return item

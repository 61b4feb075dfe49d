"""What is open to everybody: a project once its tender notice is published, with its public files."""

from __future__ import annotations

from trading.announcements import queries
from trading.base.errors import NotFound, Refused
from trading.parties import service as parties
from trading.projects import invitations
from trading.projects import queries as project_queries
from trading.projects import service as projects
from trading.projects import words
from trading.projects.models import Project, ProjectFile


def project(code: str) -> Project:
    """A project by its public code. Raises NotFound before its notice is published."""
    if not (code.isascii() and code.isalnum()):
        raise NotFound  # a NUL character would be an accident in the database
    found = projects.by_code(code)
    if not queries.is_announced(found.id):
        raise NotFound
    return found


def file(found: Project, file_id: int, *, organisation_id: int | None = None) -> ProjectFile:
    """A public file. Documents of an invited tender go to those invited and to the tenderer's own side only;
    in an open one nothing stands before the download. Raises Refused ``invite.documents``."""
    if not projects.is_mine(found, organisation_id) and not (
            organisation_id and invitations.is_invited(found, parties.get(organisation_id).code)
            or not invitations.is_closed(found)):
        raise Refused("invite.documents")
    item = project_queries.file_of(found, file_id)
    if item.kind not in words.PUBLIC_FILES:
        raise NotFound
    return item

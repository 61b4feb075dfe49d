"""Who may do what: one table. Every route carries one of these permissions or is public.

Three powers are kept apart (决策、执行、监督分离): no role holds both deciding, carrying out
and supervising, and the administrator holds none of the three.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar


class Role(StrEnum):
    """What somebody is on the platform; an account may hold several that do not conflict."""

    BIDDER = "bidder"
    TENDERER = "tenderer"
    AGENCY = "agency"
    REGISTRAR = "registrar"
    HOST = "host"
    DRAW_OPERATOR = "draw_operator"
    FINANCE = "finance"
    ARCHIVIST = "archivist"
    EXPERT = "expert"
    SUPERVISOR = "supervisor"
    SOCIAL_SUPERVISOR = "social_supervisor"
    KEY_HOLDER = "key_holder"
    ADMINISTRATOR = "administrator"


class Permission(StrEnum):
    OWN_ACCOUNT = "own_account"
    BID = "bid"
    SEAL = "seal"
    PROJECT_WRITE = "project_write"
    PROJECT_ACCEPT = "project_accept"
    NOTICE_WRITE = "notice_write"
    ANSWER = "answer"
    RESULT_WRITE = "result_write"
    DEPOSIT_MANAGE = "deposit_manage"
    HALL_HOST = "hall_host"
    DRAW_RUN = "draw_run"
    POOL_MANAGE = "pool_manage"
    EVALUATE = "evaluate"
    ARCHIVE_MANAGE = "archive_manage"
    ARCHIVE_READ = "archive_read"
    ARCHIVE_SUPERVISE = "archive_supervise"
    SUPERVISE = "supervise"
    PAUSE = "pause"
    LAW_WRITE = "law_write"
    COMPLAINT_HANDLE = "complaint_handle"
    TIE_CONFIRM = "tie_confirm"
    TRUSTEE = "trustee"
    ACCOUNT_ADMIN = "account_admin"


P = Permission
_PROJECT_SIDE = {P.SEAL, P.PROJECT_WRITE, P.NOTICE_WRITE, P.ANSWER, P.RESULT_WRITE}

ROLES: dict[Role, frozenset[Permission]] = {
    Role.BIDDER: frozenset({P.BID, P.SEAL}),
    Role.TENDERER: frozenset(_PROJECT_SIDE),
    Role.AGENCY: frozenset(_PROJECT_SIDE),
    Role.REGISTRAR: frozenset({P.PROJECT_ACCEPT}),
    Role.HOST: frozenset({P.HALL_HOST}),
    Role.DRAW_OPERATOR: frozenset({P.DRAW_RUN, P.POOL_MANAGE}),
    Role.FINANCE: frozenset({P.DEPOSIT_MANAGE}),
    Role.ARCHIVIST: frozenset({P.ARCHIVE_MANAGE, P.ARCHIVE_READ}),
    Role.EXPERT: frozenset({P.EVALUATE}),
    Role.SUPERVISOR: frozenset({P.SUPERVISE, P.PAUSE, P.LAW_WRITE, P.COMPLAINT_HANDLE, P.TIE_CONFIRM, P.ARCHIVE_READ, P.ARCHIVE_SUPERVISE}),
    Role.SOCIAL_SUPERVISOR: frozenset({P.SUPERVISE, P.ARCHIVE_READ}),
    Role.KEY_HOLDER: frozenset({P.TRUSTEE}),
    Role.ADMINISTRATOR: frozenset({P.ACCOUNT_ADMIN}),
}

#: Roles that must show a second factor: those who carry out, supervise or hold keys.
SECOND_FACTOR = frozenset(Role) - {Role.BIDDER, Role.TENDERER, Role.AGENCY, Role.EXPERT}

_CARRY_OUT = {Role.REGISTRAR, Role.HOST, Role.DRAW_OPERATOR, Role.FINANCE, Role.ARCHIVIST}
_DECIDE = {Role.TENDERER, Role.AGENCY}
_SUPERVISE = {Role.SUPERVISOR, Role.SOCIAL_SUPERVISOR}
_APART = (_CARRY_OUT, _DECIDE, _SUPERVISE, {Role.BIDDER}, {Role.EXPERT}, {Role.ADMINISTRATOR})


@cache
def permissions_of(roles: frozenset[Role]) -> frozenset[Permission]:
    """All that an account with these roles may do."""
    granted = {P.OWN_ACCOUNT} if roles else set()
    for role in roles:
        granted |= ROLES[role]
    return frozenset(granted)


def conflicts(roles: frozenset[Role]) -> bool:
    """Whether one account would hold powers that must be apart."""
    return sum(bool(roles & group) for group in _APART) > 1


View = TypeVar("View", bound=Callable[..., Any])


def allow(permission: Permission) -> Callable[[View], View]:
    """Mark a view with the permission it needs."""
    def mark(view: View) -> View:
        view.permission = permission  # type: ignore[attr-defined]
        return view
    return mark


def public(view: View) -> View:
    """Mark a view that anybody may use without an account."""
    view.permission = None  # type: ignore[attr-defined]
    return view

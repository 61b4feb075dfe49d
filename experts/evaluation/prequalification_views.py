"""The tenderer's page at the end of a prequalification."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from experts.evaluation import prequalification, service
from trading.accounts.permissions import Permission, allow
from trading.base.clock import now
from trading.base.errors import NotFound
from trading.projects import service as projects
from trading.projects.models import Lot
from trading.projects.rules import Stage, procedure

bp = Blueprint("prequalification", __name__)


def _own(code: str) -> Lot:
    """An own prequalification whose review has ended; to everybody else it does not exist."""
    lot = projects.lot_by_code(code)
    if not projects.is_mine(lot.project, current_user.organisation_id) or not procedure(lot.project.procedure).is_prequalification \
            or lot.stage not in (Stage.EVALUATED, Stage.AWARDED, Stage.ARCHIVED):
        raise NotFound
    return lot


@bp.get("/prequalification/<code>")
@allow(Permission.RESULT_WRITE)
def show(code: str) -> ResponseReturnValue:
    lot = _own(code)
    evaluation = service.evaluation_of(lot.id)
    names = {bid.digest: bid.organisation.name for bid in service.bids_to_judge(lot.id)}
    rejected = [(names[item["digest"]], [reason for failure in item["failures"] for reason in failure["reasons"]])
                for item in (evaluation.rejected if evaluation else [])]
    return render_template("evaluation/prequalification.html", lot=lot, passed=prequalification.passed(lot.id), rejected=rejected,
                           may_tell=lot.stage == Stage.EVALUATED, crumbs=[
                               {"text": _("我的项目"), "href": "/projects"},
                               {"text": lot.project.name, "href": f"/projects/{lot.project_id}"}, {"text": _("资格预审结果")}])


@bp.post("/prequalification/<code>/conclude")
@allow(Permission.RESULT_WRITE)
def conclude(code: str) -> ResponseReturnValue:
    prequalification.conclude(_own(code).id, actor=current_user.actor, at=now())
    flash(_("资格预审结果已同时通知全部申请人。"), "success")
    return redirect(url_for("prequalification.show", code=code))


@bp.post("/prequalification/<code>/tender")
@allow(Permission.RESULT_WRITE)
def tender(code: str) -> ResponseReturnValue:
    project = prequalification.tender(_own(code).id, actor=current_user.actor, at=now())
    flash(_("已建立招标登记，只有通过资格预审的单位可以参加；请补充评标办法和招标文件后提交。"), "success")
    return redirect(url_for("projects.show", project_id=project.id))

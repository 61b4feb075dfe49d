"""How fast public pages and the search answer over many announcements.

``python bench/pages.py [--notices 100000] [--seconds 4]``. A fresh installation is filled
with invented announcements; Waitress serves the platform in one process, with as many
threads as the settings say, and a Flask application with one trivial route beside it at
``/trivial``, which is the reference. A second process asks over 8 connections that are
kept open. The trivial route has none of the platform's checks and headers.
"""

from __future__ import annotations

import argparse
import http.client
import multiprocessing
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import waitress  # noqa: E402
from flask import Flask  # noqa: E402
from sqlalchemy import insert  # noqa: E402

from app import create_app  # noqa: E402
from trading.announcements import queries, search  # noqa: E402
from trading.announcements.models import Notice, NoticeVersion  # noqa: E402
from trading.base.config import Settings  # noqa: E402
from trading.base.database import db, transaction  # noqa: E402
from trading.demonstration.cast import credit_code  # noqa: E402
from trading.demonstration.laboratory import installation_in  # noqa: E402
from trading.parties.models import Organisation  # noqa: E402
from trading.projects import rules  # noqa: E402
from trading.projects.models import Lot, Project  # noqa: E402
from trading.projects.rules import Stage  # noqa: E402

CONNECTIONS = 8
BATCH = 5000
NOTICES_OF_A_PROJECT = 4
RARE = "麒麟崖道"
PLACES = ("青石", "云岭", "锦屏", "白河", "川北", "清溪", "龙泉", "东山", "梅林", "石桥", "金沙", "双河", "凤凰", "翠屏", "安宁", "长乐",
          "宝塔", "永兴", "太平", "新华", "红旗", "滨江", "望江", "柳林")
THINGS = ("道路改造", "污水处理厂扩建", "中心小学教学楼", "水库除险加固", "农村饮水安全", "人民医院设备采购", "老旧小区改造", "桥梁维修",
          "河道治理", "高标准农田建设", "公园绿化养护", "信息系统运维", "校园食堂食材配送", "垃圾清运服务", "消防设施更新", "档案馆智能化")
ENDINGS = ("工程", "工程（二期）", "项目", "项目施工", "工程监理", "服务项目", "工程勘察设计", "采购项目")
KINDS = (("tender", "招标公告"), ("clarification", "澄清公告"), ("opening_record", "开标记录"), ("result", "中标结果公告"))


@dataclass(frozen=True)
class Served:
    """What the client process asks for."""

    name: str
    paths: list[str]


def fill(count: int, at: datetime) -> list[str]:
    """Add so many announcements; returns the codes of some projects."""
    dice = random.Random(1)
    with transaction() as session:
        session.execute(insert(Organisation), [
            {"code": credit_code(number + 1, "11"), "name": f"{place}县住房和城乡建设局", "region": "CN-51", "registered_at": at}
            for number, place in enumerate(PLACES)])
    codes = []
    projects = -(-count // NOTICES_OF_A_PROJECT)
    for first in range(1, projects + 1, BATCH // NOTICES_OF_A_PROJECT):
        rows: dict[Any, list[dict[str, Any]]] = {Project: [], Lot: [], Notice: [], NoticeVersion: []}
        words = []
        for number in range(first, min(first + BATCH // NOTICES_OF_A_PROJECT, projects + 1)):
            begun = at - timedelta(minutes=10 * (projects - number) + 60)
            place, thing = dice.choice(PLACES), dice.choice(THINGS)
            name = f"{place}{dice.choice(('镇', '乡', '街道', '县'))}{thing}{dice.choice(ENDINGS)}{number}号"
            if number % (projects // 20 + 1) == 1:
                name = RARE + name
            code = rules.project_code(rules.procedure("works-open").family, "1510822000", number)
            region, amount = f"CN-{dice.choice((11, 31, 44, 50, 51, 52))}", dice.randrange(10**6, 10**10)
            deadline = begun + timedelta(days=22)
            rows[Project].append({
                "id": number, "code": code, "name": name, "procedure": "works-open", "category": "construction", "region": region,
                "funding": "财政资金", "approval": "清发改〔2026〕1号", "estimate_fen": amount, "summary": name,
                "tenderer_id": 1 + number % len(PLACES), "created_at": begun, "submitted_at": begun, "accepted_at": begun})
            rows[Lot].append({
                "id": number, "project_id": number, "number": 1, "code": rules.lot_code(code, 1), "name": "一标段", "estimate_fen": amount,
                "method": {"kind": "works_lowest"}, "stage": Stage.BIDDING if deadline > at else Stage.EVALUATED,
                "deadline": deadline, "stage_at": begun})
            for place_in_project, (kind, title) in enumerate(KINDS):
                ident = (number - 1) * NOTICES_OF_A_PROJECT + place_in_project + 1
                if ident > count:
                    break
                published = begun + timedelta(minutes=2 * place_in_project)
                body = (f"{name}已由{place}县发展和改革局批准建设，建设资金来自财政资金，招标人为{place}县住房和城乡建设局。"
                        f"现对该项目的{thing}进行公开招标，计划工期{dice.randrange(60, 700)}日历天，投标人须具备相应资质，"
                        f"投标文件应当在投标截止时间前通过本平台加密递交，逾期不予受理。第{ident}号。")
                rows[Notice].append({
                    "id": ident, "kind": kind, "project_id": number, "title": name + title, "procedure": "works-open", "region": region,
                    "amount_fen": amount, "published_at": published})
                rows[NoticeVersion].append({
                    "notice_id": ident, "number": 1, "body": body, "sha256": sha256(body.encode()).hexdigest(), "made_at": published,
                    "published_at": published, "schedule": {
                        "doc_from": begun.isoformat(), "doc_to": (begun + timedelta(days=12)).isoformat(),
                        "deadline": deadline.isoformat()}})
                words.append((ident, f"{name}{title} {code} {body}"))
            codes.append(code)
        with transaction() as session:
            for model, values in rows.items():
                session.execute(insert(model), values)
            search.put_many(words)
        db.session.remove()
    return dice.sample(codes, min(50, len(codes)))


def serve(settings: Settings, pipe: Connection) -> None:
    """The server process: the platform, and a trivial application beside it."""
    platform, trivial = create_app(settings), Flask("trivial")
    trivial.add_url_rule("/trivial", "trivial", lambda: "ok")

    def either(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        return (trivial if environ["PATH_INFO"] == "/trivial" else platform)(environ, start)

    server: Any = waitress.create_server(either, host="127.0.0.1", port=0, threads=settings.threads, ident=None)
    pipe.send(server.effective_port)
    server.run()


def ask(port: int, served: list[Served], seconds: float, pipe: Connection) -> None:
    """The client process: sends (answers a second, sorted seconds of every answer) for each kind."""
    for one in served:
        pipe.send(_ask(port, one, seconds))


def _ask(port: int, one: Served, seconds: float) -> tuple[float, list[float]]:
    spent: list[float] = []
    wrong: list[str] = []
    warm = threading.Barrier(CONNECTIONS)

    def keep_asking(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        mine: list[float] = []

        def get(path: str) -> None:
            began = time.perf_counter()
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            mine.append(time.perf_counter() - began)
            if answer.status != 200:
                wrong.append(f"{path}: {answer.status}")

        get(one.paths[number % len(one.paths)])
        mine.clear()
        warm.wait()
        until, turn = time.perf_counter() + seconds, number
        while time.perf_counter() < until:
            get(one.paths[turn % len(one.paths)])
            turn += 1
        spent.extend(mine)
        connection.close()

    threads = [threading.Thread(target=keep_asking, args=(number,)) for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise SystemExit(f"wrong answers: {wrong[:3]}")
    return len(spent) * CONNECTIONS / sum(spent), sorted(spent)


def alone(at: datetime) -> None:
    """The searches without pages: what the database takes, one at a time."""
    asked = [("without words", ""), ("“污水”", "污水"), ("“工程”, in most of them", "工程"), (f"“{RARE}”", RARE), ("“污水 云岭”", "污水 云岭")]
    for name, words in asked:
        seconds, used = [], []
        for _ in range(7):
            db.session.remove()
            start, busy = time.perf_counter(), time.process_time()
            found = queries.find(queries.Filters(q=words), at=at)
            seconds.append(time.perf_counter() - start)
            used.append(time.process_time() - busy)
        print(f"  find {name:24} {median(seconds) * 1000:7.1f} ms (processor {median(used) * 1000:.1f} ms), {len(found.items)} on the page")
    db.session.remove()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--notices", type=int, default=100_000)
    options.add_argument("--seconds", type=float, default=3.0, help="for each kind of page and run")
    options.add_argument("--runs", type=int, default=1)
    options.add_argument("--folder", default=None, help="where to work")
    chosen = options.parse_args()
    spawn, at = multiprocessing.get_context("spawn"), datetime.now(UTC)
    with tempfile.TemporaryDirectory(dir=chosen.folder) as name, \
            installation_in(Path(name), create_app, region="CN-51") as (app, _):
        began = time.perf_counter()
        codes = fill(chosen.notices, at)
        size = (Path(name) / "mingtang.db").stat().st_size
        print(f"{chosen.notices:,} announcements loaded in {time.perf_counter() - began:.1f} s, database {size / 2**20:.0f} MiB", flush=True)
        alone(at)
        words = [quote(word) for word in ("污水", "桥梁", "水库", "校园")]
        served = [Served("trivial route", ["/trivial"]), Served("public project page", [f"/p/{code}" for code in codes]),
                  Served("search without words", ["/search"]), Served("search, two characters", [f"/search?q={word}" for word in words]),
                  Served("search, two in most", [f"/search?q={quote('工程')}"]),
                  Served("search, four and rare", [f"/search?q={quote(RARE)}"])]
        ours, theirs = spawn.Pipe()
        server = spawn.Process(target=serve, args=(app.extensions["mingtang"]["settings"], theirs), daemon=True)
        server.start()
        port = ours.recv()
        found: dict[str, list[tuple[float, float, float]]] = {one.name: [] for one in served}
        try:
            for _ in range(chosen.runs):
                answers, there = spawn.Pipe()
                client = spawn.Process(target=ask, args=(port, served, chosen.seconds, there), daemon=True)
                client.start()
                there.close()
                for one in served:
                    rate, seconds = answers.recv()
                    found[one.name].append((rate, median(seconds), seconds[int(len(seconds) * 0.99)]))
                client.join()
        finally:
            server.terminate()
            server.join()
    reference = median(rate for rate, _, _ in found["trivial route"])
    print(f"{CONNECTIONS} connections, {chosen.seconds:g} s each, median of {chosen.runs}; ratio to the trivial route:")
    for kind, rows in found.items():
        rate, middle, slow = (median(row[place] for row in rows) for place in range(3))
        print(f"  {kind:24} {rate:7.1f}/s   median {middle * 1000:7.1f} ms   p99 {slow * 1000:7.1f} ms   ratio {rate / reference:.3f}")


if __name__ == "__main__":
    main()

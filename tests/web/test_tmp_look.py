from __future__ import annotations
from datetime import date
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright
from tests.browser.conftest import FLAGS
from tests.requirements import chromium
from tests.web.conftest import Site
from tests.web.test_clock_pages import bought
from tests.web.test_contract_pages import *
from tests.web.test_ban_pages import false, supervisor
from tests.web.test_law_repeal_pages import GOOD as RGOOD, REPEAL
from tests.services.test_objections import BUYING

def test_look(site: Site) -> None:
    case = bought(site)
    person = site.tenderer
    person.post(f"{place(case)}/supplements", data=dated(site, SUPPLEMENT))
    person.post(f"{place(case)}/bonds", data=dated(site, BOND))
    person.post(f"{place(case)}/acceptances", data=dated(site, ACCEPTANCE))
    pages = {"contract": (person, place(case), None), "contract_wrong": (person, f"{place(case)}/supplements", dated(site, SUPPLEMENT) | {"supplement-fen": "9亿", "supplement-number": "2"}),
             "result": (person, f"/projects/{case.project_id}/lots/{case.lot_id}/result", None), "public": (site.client(), f"/p/{case.code}", None)}
    html = {}
    for name, (who, path, data) in pages.items():
        html[name] = (who.post(path, data=data) if data else who.get(path)).text
    site.people.clear()
    fcase, complaint = false(site)
    one, two = supervisor(site, "aone"), supervisor(site, "atwo")
    html["ban"] = one.get(complaint).text
    one.post(f"{complaint}/ban", data={"ban-months": "12", "ban-text": "伪造检测报告"})
    html["ban2"] = two.get(complaint).text
    html["board"] = two.get("/supervise/complaints").text
    t = site.someone(Role.TENDERER, site.prepared.cast.tenderer.id, name="tt")
    html["replies"] = t.get(f"/projects/{fcase.project_id}/objections").text
    html["repeal"] = one.get(REPEAL).text
    r = one.post(REPEAL, data=RGOOD | {"start": "2026-09-01"})
    html["repeal_change"] = two.get(r.location).text
    html["correct"] = one.get("/law/changes/calendar/2026").text
    html["calendar"] = one.get("/law/calendar").text
    plain = site.client()
    bad = []
    with sync_playwright() as p:
        b = p.chromium.launch(executable_path=str(chromium()), args=FLAGS)
        for width in (390, 1440):
            ctx = b.new_context(viewport={"width": width, "height": 844})
            page = ctx.new_page()
            def handle(route):
                url = route.request.url.replace("http://x.test", "")
                if url.startswith("/render/"):
                    route.fulfill(status=200, content_type="text/html", body=html[url[8:]])
                else:
                    a = plain.get(url); route.fulfill(status=a.status_code, headers=dict(a.headers), body=a.get_data())
            page.route("**/*", handle)
            for name in html:
                page.goto(f"http://x.test/render/{name}")
                found = Axe().run(page).response["violations"]
                over = page.evaluate("document.documentElement.scrollWidth > innerWidth")
                if found or over: bad.append((name, width, over, [(v["id"], [n["target"] for n in v["nodes"][:3]]) for v in found]))
                page.screenshot(path=f"/tmp/look-{name}-{width}.png", full_page=True)
        b.close()
    assert not bad, bad

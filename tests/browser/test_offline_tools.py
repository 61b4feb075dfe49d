"""The tools for computers without a network, in a real Chromium from a file: what is sealed with one opens on the platform,
what the other signs is what ``trustee.py`` signs, and both refuse whoever is lied to."""

from __future__ import annotations

import copy
import hashlib
import io
import json
import shutil
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.sync_api import Browser, Page
from sqlalchemy import select

from bidding.envelope import documents, recovery, sealing
from bidding.opening import envelopes
from bidding.opening import service as opening
from bidding.sealed import commands, filing
from bidding.sealed import service as sealed
from bidding.trustees import canaries, courier, fingerprints, tools
from bidding.trustees import service as trustees
from bidding.trustees import trustee as protocol
from bidding.trustees.trustee import Memory, Trustee
from tests.browser import desk as counter
from tests.builders import T0, Centre
from tests.services import test_key_holders, test_live_sales, test_opening, test_two_envelopes
from trading.archive.verifier import ROOT
from trading.base import assets, one_file
from trading.base.clock import stopped, unix
from trading.base.database import db
from trading.base.errors import Refused
from trading.demonstration.case import CaseRun
from trading.demonstration.cast import Company
from trading.evidence import verify
from trading.evidence.models import Entry

pytestmark = pytest.mark.browser

ready, extended = test_opening.ready, test_opening.extended
PASSPHRASE = "离线封存 correct horse"
PRICE_FEN = 90_123_456
LIES = ("close count", "hidden bid", "hidden header", "earlier time", "other trustee key", "lower threshold", "event of another bidder",
        "unsigned checkpoint", "no witness", "wrong path", "amendment earlier")
HIDDEN = ("left out", "left out, close changed", "signature of another", "moved earlier", "entry of another", "session unsigned")


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both tools as files on somebody's disk."""
    assert assets.is_installed(ROOT), "run mingtang assets install"
    folder = tmp_path_factory.mktemp("tools")
    for name in (tools.SEAL, tools.TRUSTEE):
        data = tools.built(name)
        assert data is not None
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture
def opened(browser: Browser, disk: Path) -> Iterator[Callable[[str], Page]]:
    """Opens a tool without a network; at the end it has asked for nothing but itself and its worker."""
    asked: list[str] = []
    context = browser.new_context(locale="zh-CN", offline=True, accept_downloads=True)
    context.set_default_timeout(20_000)

    def open_tool(name: str) -> Page:
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: asked.append(str(error)))
        page.on("console", lambda message: asked.append(message.text))
        page.goto((disk / name).as_uri())
        return page

    yield open_tool
    context.close()
    assert [what for what in asked if not what.startswith(("file:///", "blob:"))] == []


def told(page: Page, act: Callable[[], Any], good: str) -> str:
    """What the page says after an act: the trouble that it names, or nothing where ``good`` is shown."""
    act()
    page.wait_for_selector(f"#trouble:not([hidden]), {good}:not([hidden])")
    return page.inner_text("#trouble") if page.is_visible("#trouble") else ""


def saved(page: Page, button: str, folder: Path) -> Path:
    with page.expect_download() as download:
        page.click(button)
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


# --- sealing -------------------------------------------------------------------------------------


def written(folder: Path, answer: dict[str, Any]) -> Path:
    path = folder / "session.json"
    path.write_text(json.dumps(answer, ensure_ascii=False), "utf-8")
    return path


def read_session(page: Page, path: Path) -> str:
    page.set_input_files("#session", [])
    return told(page, lambda: page.set_input_files("#session", path), "#rest")


def fill(page: Page, file: Path) -> None:
    for tick in page.locator("#keys input").all():
        tick.check()
    page.fill("#price", f"{PRICE_FEN / 100:,.2f}")
    page.fill("#days", "90")
    page.set_input_files("#files", file)
    if page.is_visible("#passphrase"):
        page.fill("#passphrase", PASSPHRASE)
        page.fill("#passphrase-again", PASSPHRASE)


class AtTheCounter:
    """Stands in for the CLI's line to the platform: the same calls, without a network."""

    def __init__(self, case: CaseRun, company: Company) -> None:
        self.case, self.company = case, company

    def __call__(self, url: str) -> AtTheCounter:
        return self

    def sign_in(self, username: str, password: str) -> None:
        assert (username, password) == ("bidder", "secret")

    def post_json(self, path: str, document: Any, headers: Any = None) -> Any:
        if path.endswith("/uploads"):
            return {"upload": sealed.begin_upload(self.case.session.id, bidder=self.company.organisation, at=self.case.at).id}
        if path.endswith("/bids"):
            receipt = filing.file_bid(self.case.session.id, documents.encode(document["header"]), documents.binary(document["signature"], "sig"),
                                      document["upload"], bidder_id=self.company.id, clock=stopped(self.case.wait(minutes=1)))
            return receipt.document()
        assert path == "/api/v1/me/keys" and document["public"] == b64encode(verify.raw_public_key(self.company.key)).decode()
        return {}

    def put(self, path: str, body: bytes, headers: dict[str, str]) -> None:
        upload, number = path.split("/uploads/")[1].split("/parts/")
        digest = documents.binary(headers["Content-Digest"][9:-1], "digest").hex()
        sealed.put_part(upload, int(number), [body], digest, session_name=self.case.session.id, bidder=self.company.organisation)


def file_by_command(case: CaseRun, company: Company, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = folder.parent / "signing.key"
    key.write_bytes(company.key.private_bytes_raw())
    monkeypatch.setattr(commands, "Visitor", AtTheCounter(case, company))
    done = CliRunner().invoke(commands.bid, ["file", str(folder), "--url", "http://platform", "--username", "bidder", "--password", "secret",
                                             "--key", str(key)])
    assert done.exit_code == 0 and "filed:" in done.output, done.output


@pytest.mark.parametrize(("policy", "suite"), [("TB", "intl-1"), ("T", "intl-1"), ("TB", "gm-1")])
def test_what_the_tool_seals_is_filed_elsewhere_and_opens(
        sqlite_centre: Centre, opened: Callable[[str], Page], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: str, suite: str) -> None:
    known = sqlite_centre.app.extensions["mingtang"]
    known["settings"] = replace(known["settings"], suites="intl-1,gm-1")
    for holder in sqlite_centre.cast.holders:
        holder.top_up(T0)
    case = sqlite_centre.a_case("register", "announce", "pay_deposits", policy=policy, suite=suite)
    first, *others = case.plan.offers
    case.plan.offers = others
    case.file_bids()
    path = written(tmp_path, {"document": case.session.document, "amendments": case.session.amendments, "sig": trustees.signature_of(case.session),
                              "centre_key": trustees.centre_key(), "bidder": first.company.code})
    file = tmp_path / "投标函.txt"
    file.write_text("青石路改造工程", "utf-8")

    page = opened(tools.SEAL)
    assert read_session(page, path) == ""
    assert case.session.document["lot"] in page.inner_text("#about") and tools.hashes()[tools.SEAL] in page.inner_text("#about")
    shown = [fingerprints.words(bytes.fromhex(trustees.centre_key()))]
    shown += [fingerprints.words(documents.binary(t["sig_key"], "sig_key")) for t in case.session.document["trustees"]]
    assert page.locator(".words").all_inner_texts() == shown
    page.fill("#notice", "\n".join(f"某某：{words}" for words in shown))
    fill(page, file)
    assert told(page, lambda: page.click("#start"), "#result") == ""
    folder = tmp_path / "sealed"
    folder.mkdir()
    if policy == "TB":
        assert page.is_disabled("#save-header") and page.is_disabled("#save-payload"), "nobody files it before its half is safe"
        half = recovery.read(PASSPHRASE, saved(page, "#save-recovery", tmp_path).read_bytes())
        case.halves[half.digest] = half.kb
    for button in ("#save-header", "#save-payload"):
        saved(page, button, folder)
    assert sorted(item.name for item in folder.iterdir()) == ["header.json", "payload.cob"]

    file_by_command(case, first.company, folder, monkeypatch)
    for step in ("close", "open"):
        getattr(case, step)()
    bids = {bid.organisation_id: bid for bid in opening.opened_bids(case.lot_id)}
    assert {bid.outcome for bid in bids.values()} == {"opened"} and len(bids) == 3
    mine = bids[first.company.id]
    assert mine.price_fen == PRICE_FEN and mine.files is not None and mine.files[0]["name"] == "投标函.txt"


def an_answer(**changes: Any) -> dict[str, Any]:
    """What the platform says of a session of invented key holders, signed by a centre."""
    session, _ = counter.a_session(**changes)
    return signed(session)


CENTRE = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"centre").digest())


def signed(session: dict[str, Any], centre: Ed25519PrivateKey = CENTRE) -> dict[str, Any]:
    name = documents.session_id(session)
    return {"document": session, "amendments": [], "sig": b64encode(centre.sign(protocol.session_message(name))).decode(),
            "centre_key": verify.raw_public_key(centre).hex(), "bidder": counter.BIDDER}


def exchanged(session: dict[str, Any]) -> dict[str, Any]:
    """The session with another's keys under a key holder's name."""
    thief = Trustee(hashlib.sha256(b"thief").digest(), "机构2")
    key = thief.pre_keys(7, 1)[0]
    row = session["trustees"][1] | {"kem_pk": key["kem_pk"], "pre_key_sig": key["sig"], "sig_key": b64encode(thief.public).decode()}
    return session | {"trustees": [row if t["i"] == 2 else t for t in session["trustees"]]}


def notice_of(answer: dict[str, Any]) -> str:
    keys = [("交易中心", bytes.fromhex(answer["centre_key"]))]
    keys += [(t["org"], documents.binary(t["sig_key"], "sig_key")) for t in answer["document"]["trustees"]]
    return "\n".join(f"{name}：{fingerprints.words(key)}" for name, key in keys)


def test_a_session_that_does_not_hold_is_not_sealed_to(opened: Callable[[str], Page], tmp_path: Path) -> None:
    good = an_answer()
    document = good["document"]
    name = documents.session_id(document)
    change = {"v": 1, "session": name, "previous": name, "deadline": document["deadline"] + 60, "open_not_before": document["deadline"] + 60}
    moved = {"document": change, "sig": b64encode(CENTRE.sign(protocol.session_message(documents.amendment_id(change)))).decode()}
    page = opened(tools.SEAL)
    for changed, said in (
            (good | {"sig": b64encode(bytes(64)).decode()}, "平台签名不对"),
            (good | {"document": exchanged(document)}, "平台签名不对"),
            (good | {"document": document | {"deadline": document["deadline"] - 60}}, "平台签名不对"),
            (good | {"centre_key": "00" * 32}, "平台签名不对"),
            (signed(document | {"trustees": [t | {"pre_key_sig": document["trustees"][0]["pre_key_sig"]} for t in document["trustees"]]}), "密钥持有人的签名不对"),
            (good | {"amendments": [moved | {"sig": good["sig"]}]}, "变更记录不对"),
            (good | {"amendments": [moved | {"document": change | {"deadline": document["deadline"] - 60}}]}, "变更记录不对"),
            ({"tender": 1}, "不是会话文件")):
        assert said in read_session(page, written(tmp_path, changed)), said
        assert page.is_hidden("#rest")
        assert read_session(page, written(tmp_path, good)) == "", "the control is read"
    assert read_session(page, written(tmp_path, good | {"amendments": [moved]})) == "" and "原为" in page.inner_text("#about")


def test_keys_that_are_not_the_notices_are_not_sealed_to(opened: Callable[[str], Page], tmp_path: Path) -> None:
    """A centre that signs whatever it likes is met by what was printed."""
    good = an_answer()
    file = tmp_path / "a.txt"
    file.write_text("a")
    other = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"another centre").digest())
    page = opened(tools.SEAL)

    def sealed_with(answer: dict[str, Any], notice: str) -> str:
        assert read_session(page, written(tmp_path, answer)) == ""
        page.fill("#notice", notice)
        fill(page, file)
        return told(page, lambda: page.click("#start"), "#result")

    printed = notice_of(good)
    assert "机构2" in sealed_with(signed(exchanged(good["document"])), printed)
    assert "交易中心的公钥不是" in sealed_with(signed(good["document"], other), printed)
    assert "交易中心的公钥不是" in sealed_with(signed(good["document"], other), good["centre_key"])
    assert "没有公钥" in sealed_with(good, "公告")
    assert read_session(page, written(tmp_path, good)) == ""
    page.fill("#notice", printed)
    assert "请逐个确认" in told(page, lambda: page.click("#start"), "#result"), "the notice alone is not a person's word"
    assert sealed_with(good, good["centre_key"]) == "", "the control is sealed"


# --- releasing -----------------------------------------------------------------------------------


class HolderAtATool:
    """One key holder with its files at the tool."""

    def __init__(self, page: Page, folder: Path, centre: Centre, number: int = 0) -> None:
        self.page, self.folder, self.centre = page, folder, centre
        self.trustee = centre.cast.holders[number].trustee
        (folder / "root.key").write_bytes(self.trustee._root)

    def sits_down(self, memory: Memory | None = None, **settings: Any) -> None:
        pins, page = self.centre.cast.pins, self.page
        about = {"organisation": self.trustee.organisation, "public": self.trustee.public.hex(), "url": "http://platform", "log_key": pins.log_key,
                 "centre_key": pins.centre_key, "witness_keys": list(pins.witness_keys), "quorum": pins.quorum} | settings
        (self.folder / "trustee.json").write_text(json.dumps(about), "utf-8")
        page.set_input_files("#root", self.folder / "root.key")
        page.set_input_files("#settings", self.folder / "trustee.json")
        if memory is None:
            page.set_input_files("#memory", [])
        else:
            (self.folder / "memory.json").write_text(json.dumps(asdict(memory)), "utf-8")
            page.set_input_files("#memory", self.folder / "memory.json")
        page.set_checked("#first", memory is None)
        assert told(page, lambda: page.click("#load"), "#holder") == ""

    def shown(self, bundle: dict[str, Any], at: int) -> str:
        """The refusal of a bundle, or nothing where it may be released."""
        path = self.folder / "bundle.json"
        path.write_text(json.dumps(bundle, ensure_ascii=False), "utf-8")
        self.page.clock.set_fixed_time(at)
        self.page.evaluate("document.getElementById('result').hidden = true; document.getElementById('trouble').hidden = true")
        self.page.set_input_files("#bundle", [])
        return told(self.page, lambda: self.page.set_input_files("#bundle", path), "#result")

    def signs(self) -> tuple[dict[str, Any], Memory]:
        self.page.click("#sign")
        assert self.page.is_disabled("#save-release"), "remembered before it leaves"
        memory = json.loads(saved(self.page, "#save-memory", self.folder).read_text("utf-8"))
        return json.loads(saved(self.page, "#save-release", self.folder).read_text("utf-8")), Memory(**memory)


def refusal(trustee: Trustee, bundle: dict[str, Any], memory: Memory, pins: protocol.Pins, at: int) -> str:
    """Why ``trustee.py`` refuses; its library's own word for a wrong path or note counts as one."""
    try:
        trustee.release(copy.deepcopy(bundle), memory, pins, at=at)
    except Refused as refused:
        return refused.reason
    except verify.Invalid:
        return "("
    return ""


def test_the_tool_signs_what_the_program_signs(ready: Any, opened: Callable[[str], Page], tmp_path: Path) -> None:
    centre, case, bundle = ready
    at = unix(case.at) + 5
    for number in (0, 1):
        (tmp_path / str(number)).mkdir()
        holder = HolderAtATool(opened(tools.TRUSTEE), tmp_path / str(number), centre, number)
        holder.sits_down()
        assert holder.shown(bundle, at) == ""
        assert bundle["session"]["lot"] in holder.page.inner_text("#result") and "3" in holder.page.inner_text("#result")
        memory = Memory()
        expected = holder.trustee.release(copy.deepcopy(bundle), memory, centre.cast.pins, at=at)
        given, kept = holder.signs()
        assert given == expected and kept == memory
        assert trustees.take_release(given, at=case.at) == 3
    assert opening.unseal_due(case.lot_id, clock=stopped(case.at)) == 3
    assert {bid.outcome for bid in opening.opened_bids(case.lot_id)} == {"opened"}


def test_the_tool_refuses_every_lie_that_the_program_refuses(ready: Any, opened: Callable[[str], Page], tmp_path: Path) -> None:
    centre, case, bundle = ready
    at, pins = unix(case.at) + 5, centre.cast.pins
    holder = HolderAtATool(opened(tools.TRUSTEE), tmp_path, centre)
    holder.sits_down()
    assert holder.shown(bundle, at) == "", "the control opens"
    for name in LIES:
        changed = copy.deepcopy(bundle)
        test_opening.lie(name, changed, centre)
        reason = refusal(holder.trustee, changed, Memory(), pins, at)
        assert reason and reason in holder.shown(changed, at), name
    early = bundle["session"]["open_not_before"] - 1
    assert "trustee.too_early" in holder.shown(bundle, early)
    # Where not all halves were given, the bidders have their whole window.
    waiting = copy.deepcopy(bundle) | {"window": None}
    over = bundle["session"]["open_not_before"] + bundle["session"]["bidder_window_s"]
    assert refusal(holder.trustee, waiting, Memory(), pins, over - 1) == "trustee.too_early"
    assert "trustee.too_early" in holder.shown(waiting, over - 1) and holder.shown(waiting, over) == ""
    assert holder.shown(bundle, at) == "", "the control still opens"
    number = next(t["pre_key"] for t in bundle["session"]["trustees"] if t["org"] == holder.trustee.organisation)
    session = case.session.id
    for memory, reason in ((Memory(size=bundle["close"]["index"], root="00" * 32), "trustee.log_forked"),
                           (Memory(used={str(number): "f" * 64}), "trustee.pre_key_used"),
                           (Memory(closed={session: "7 " + "00" * 32}), "trustee.closed_before"),
                           (Memory(opens={session: bundle["session"]["open_not_before"] + 1}), "trustee.amendment_hidden")):
        assert refusal(holder.trustee, bundle, copy.deepcopy(memory), pins, at) == reason
        holder.sits_down(memory)
        assert reason in holder.shown(bundle, at), reason
    for settings, reason in (({"quorum": 4}, "trustee.not_witnessed"), ({"centre_key": "00" * 32}, "trustee.session_signature"),
                             ({"log_key": pins.witness_keys[0]}, "trustee.checkpoint")):
        holder.sits_down(**settings)
        assert reason in holder.shown(bundle, at), reason
    holder.sits_down(Memory())
    assert holder.shown(bundle, at) == "", "the control opens with an empty memory"


def test_prices_wait_for_the_evaluation_at_the_tool_too(sqlite_centre: Centre, opened: Callable[[str], Page], tmp_path: Path) -> None:
    """Of two envelopes: the same releases as the program, without what stays shut, and the same refusals."""
    case, price = test_two_envelopes.judged(sqlite_centre)
    bundle = test_two_envelopes.price_bundle(case, price)
    at, pins = unix(case.at) + 5, sqlite_centre.cast.pins
    holder = HolderAtATool(opened(tools.TRUSTEE), tmp_path, sqlite_centre)
    holder.sits_down()
    for change in test_two_envelopes.PRICE_LIES:
        changed = copy.deepcopy(bundle)
        change(changed)
        reason = refusal(holder.trustee, changed, Memory(), pins, at)
        assert reason and reason in holder.shown(changed, at)
    assert holder.shown(bundle, at) == ""
    memory = Memory()
    expected = holder.trustee.release(copy.deepcopy(bundle), memory, pins, at=at)
    given, kept = holder.signs()
    assert given == expected and kept == memory and len(given["body"]["releases"]) == 3
    # Another word on what stays shut, after this one was answered, opens nothing.
    holder.sits_down(Memory(closed={price.id: memory.closed[price.id].rsplit(" ", 2)[0] + " 7 " + "00" * 32}))
    assert "trustee.closed_before" in holder.shown(bundle, at)


def test_a_reserve_price_waits_for_the_end_of_the_bidding_at_the_tool_too(sqlite_centre: Centre, opened: Callable[[str], Page], tmp_path: Path) -> None:
    sale, _found, bundle = test_live_sales.asked_for_reserve(sqlite_centre)
    at, pins = unix(sale.at) + 5, sqlite_centre.cast.pins
    holder = HolderAtATool(opened(tools.TRUSTEE), tmp_path, sqlite_centre)
    holder.sits_down()
    for change in test_live_sales.RESERVE_LIES:
        changed = copy.deepcopy(bundle)
        change(changed)
        reason = refusal(holder.trustee, changed, Memory(), pins, at)
        assert reason and reason in holder.shown(changed, at)
    assert holder.shown(bundle, at) == ""
    given, _kept = holder.signs()
    assert given == holder.trustee.release(copy.deepcopy(bundle), Memory(), pins, at=at) and len(given["body"]["releases"]) == 1


@pytest.mark.parametrize("ended", ["", "session.close"])
def test_the_tool_believes_no_end_that_the_log_has_not_taken_in_since_the_close(
        sqlite_centre: Centre, opened: Callable[[str], Page], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ended: str) -> None:
    def other(lot: object) -> str:
        found = db.session.scalar(select(Entry.data).where(Entry.kind == ended).order_by(Entry.seq)) if ended else None
        return found.hex() if found else "11" * 32

    monkeypatch.setattr(envelopes, "bidding_ended", other)
    sale, _found, bundle = test_live_sales.asked_for_reserve(sqlite_centre)
    holder = HolderAtATool(opened(tools.TRUSTEE), tmp_path, sqlite_centre)
    holder.sits_down()
    assert "trustee.reserve_too_soon" in holder.shown(bundle, unix(sale.at) + 5)


def test_an_extension_cannot_be_kept_from_the_tool(extended: Any, opened: Callable[[str], Page], tmp_path: Path) -> None:
    centre, case, bundle = extended
    at = unix(case.at) + 5
    holder = HolderAtATool(opened(tools.TRUSTEE), tmp_path, centre)
    holder.sits_down()
    for name in HIDDEN:
        changed = copy.deepcopy(bundle)
        test_opening.hide_extension(name, changed)
        reason = refusal(holder.trustee, changed, Memory(), centre.cast.pins, at)
        assert reason and reason in holder.shown(changed, at), name
    assert holder.shown(bundle, at) == "", "the control opens"


@pytest.mark.parametrize("marked", [True, False])
def test_the_tool_is_not_shown_a_second_close(ready: Any, browser: Browser, opened: Callable[[str], Page], disk: Path, tmp_path: Path, marked: bool) -> None:
    centre, case, _ = ready
    test_key_holders.closed_again(case, marked=marked)
    at, bundle = unix(case.wait(seconds=1)), opening.bundle_for(case.session.id, seen=0)
    holder = HolderAtATool(opened(tools.TRUSTEE), tmp_path, centre)
    holder.sits_down()
    assert refusal(holder.trustee, bundle, Memory(), centre.cast.pins, at) == "trustee.closed_twice"
    assert "trustee.closed_twice" in holder.shown(bundle, at)
    # Control: were this check without effect, the bundle would be taken.
    faulty = disk / "faulty.html"
    faulty.write_text(planted((disk / tools.TRUSTEE).read_text("utf-8"), "async function checkOneClose"), "utf-8")
    holder.page = opened("faulty.html")
    holder.sits_down()
    assert holder.shown(bundle, at) == ""


def planted(page: str, function: str) -> str:
    """The page with one function that does nothing, under a policy that lets it run."""
    script = page.split("<script>")[1].split("</script>")[0]
    start = script.index("{\n", script.index(function)) + 1
    changed = f"{script[:start]} return;{script[start:]}"

    def hashed(text: str) -> str:
        return b64encode(hashlib.sha256(text.encode()).digest()).decode()

    return page.replace(script, changed).replace(hashed(script), hashed(changed))


def test_a_rehearsal_is_answered_and_a_real_bid_is_not(sqlite_centre: Centre, opened: Callable[[str], Page], tmp_path: Path) -> None:
    case = sqlite_centre.a_filed_case()
    session, at = trustees.get_session(case.session.id), unix(case.at)
    shown = canaries.shown(session, canaries.rounds(session.id)[0].number, trustees.signature_of(session))
    holder = HolderAtATool(opened(tools.TRUSTEE), tmp_path, sqlite_centre)
    holder.sits_down()
    other = copy.deepcopy(shown)
    other["header"]["ctx"]["bidder"] = case.plan.offers[0].company.code
    assert "trustee.not_a_canary" in holder.shown(other, at)
    assert "trustee.session_signature" in holder.shown(shown | {"sig": b64encode(bytes(64)).decode()}, at)
    assert holder.shown(shown, at) == "" and "演练" in holder.page.inner_text("#result"), "the control is answered"
    memory = Memory()
    expected = holder.trustee.rehearse(copy.deepcopy(shown), memory, sqlite_centre.cast.pins, at=at)
    assert holder.signs() == (expected, memory)
    # A real bid under the dummy's name: its wraps are bound to its own context, so nothing of it comes out.
    stolen = seal_of(case, sqlite_centre.companies[5])
    stolen["ctx"]["bidder"] = "canary"
    assert holder.shown(shown | {"header": stolen}, at) == ""
    given, _ = holder.signs()
    assert given["body"]["p"] == "" and given["body"]["fault"] == "seal.wrap_damaged"


def seal_of(case: CaseRun, company: Company) -> dict[str, Any]:
    """The header of a bid that nobody filed."""
    return sealing.seal(case.session.document, company.code, {"price_fen": 1, "days": 1, "quality": "", "statement": ""}, [], io.BytesIO()).header


@pytest.mark.parametrize("suite", ["intl-1", "gm-1", "gm-hybrid"])
def test_pre_keys_of_the_tool_are_the_programs(sqlite_centre: Centre, opened: Callable[[str], Page], tmp_path: Path, suite: str) -> None:
    page = opened(tools.TRUSTEE)
    holder = HolderAtATool(page, tmp_path, sqlite_centre)
    holder.sits_down()
    page.click("text=预备公钥")
    page.fill("#from", "5")
    page.fill("#many", "2")
    page.select_option("#suite", suite)
    made = json.loads(saved(page, "#pre-keys", tmp_path).read_text("utf-8"))
    assert made == {"public": holder.trustee.public.hex(), "suite": suite, "batch": holder.trustee.pre_keys(5, 2, suite)}


def test_a_courier_without_the_root_brings_and_takes(ready: Any, opened: Callable[[str], Page], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The request is signed offline and good for five minutes; bundle and release pass through the platform's addresses."""
    centre, case, bundle = ready
    from bidding.opening import api, views as opening_views
    from bidding.trustees import views

    client = centre.app.test_client()
    for module in (api, views, opening_views):
        monkeypatch.setattr(module, "now", stopped(case.at))

    def got(url: str, path: str, **headers: str) -> Any:
        answer = client.get(path, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    monkeypatch.setattr(courier, "_get", got)
    monkeypatch.setattr(courier, "_post", lambda url, path, document: client.post(path, json=document).get_json())
    at = unix(case.at)
    page = opened(tools.TRUSTEE)
    holder = HolderAtATool(page, tmp_path, centre)
    holder.sits_down()
    page.clock.set_fixed_time(at)
    assert courier.waiting("http://platform", holder.trustee.public.hex()) == [(case.session.id, "bid")]
    page.click("text=索取开标材料")
    page.fill("#session", case.session.id)
    ask = saved(page, "#ask", tmp_path)
    assert json.loads(ask.read_text())["ask"] == holder.trustee.ask(case.session.id, at)
    fetched = courier.fetch("http://platform", ask)
    assert fetched == bundle
    assert holder.shown(fetched, at) == ""
    holder.signs()
    assert courier.send("http://platform", tmp_path / "release.json") == "3 shares taken"
    with pytest.raises(Refused, match="form.document"):
        courier.send("http://platform", tmp_path / "memory.json")


# --- the files themselves --------------------------------------------------------------------------


@pytest.mark.parametrize("name", [tools.SEAL, tools.TRUSTEE])
def test_the_same_sources_give_the_same_bytes(disk: Path, name: str) -> None:
    node = shutil.which("node") or assets._find_node(ROOT, print)[0]
    assert one_file.build(ROOT / assets.ONE_FILE_PAGES[name], ROOT / "frontend", node, assets._run) == (disk / name).read_bytes()


@pytest.mark.parametrize("name", [tools.SEAL, tools.TRUSTEE])
def test_a_tool_reaches_nothing_outside(browser: Browser, disk: Path, name: str) -> None:
    page = browser.new_page()
    page.goto((disk / name).as_uri())
    broken = page.evaluate("""async () => {
      const broken = []
      document.addEventListener('securitypolicyviolation', event => broken.push(event.effectiveDirective))
      await fetch('https://example.invalid/').catch(() => {})
      const image = new Image()
      image.src = 'https://example.invalid/x.png'
      await new Promise(done => setTimeout(done, 200))
      return broken.sort()
    }""")
    page.close()
    assert broken == ["connect-src", "img-src"]

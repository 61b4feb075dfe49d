"""Run every query and every planted fault of the formal models and compare with what is expected.

    python3 docs/formal/check.py                 all of them, as a table
    python3 docs/formal/check.py holders         those of one model
    python3 docs/formal/check.py --quick         all but the longest, for the tests
    python3 docs/formal/check.py --trace "a holder forgets the extension that it was shown"    what the checker found

Needs the Debian packages ``spin``, ``gcc``, ``cpp`` and ``eprover``. Ends with 1 when an answer
differs, 2 when a tool is missing.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
#: Debian package of each tool.
TOOLS = {"spin": "spin", "gcc": "gcc", "cpp": "cpp", "eprover": "eprover"}
SECONDS, MEGABYTES = 60, 1500

HOLDS, FAILS, REACHED = "holds", "FAILS", "reached"


@dataclass(frozen=True)
class Check:
    """One question to one model: what is asked, under which switches, and the expected answer."""

    model: str
    question: str
    switches: str
    expected: str
    query: str = ""
    cycles: bool = False  # look for runs without end instead of for wrong states

    @property
    def name(self) -> str:
        return f"{self.model.split('.')[0]} {self.switches}".strip() + (" cycles" if self.cycles else "")


@dataclass(frozen=True)
class Found:
    """What a tool said: the answer in our words, and how much it looked at."""

    answer: str
    size: str
    seconds: float = 0.0


def _sealing(question: str, query: str, switches: str, expected: str = HOLDS) -> Check:
    return Check("sealing.p", question, switches, expected, query)


FUTURE, EVER, PAST = ("~att(price(SEALED(future,L)))", "~att(price(SEALED(T,L)))", "~att(price(SEALED(past,L)))")
FRESH = "~att(price(FRESH(future,L)))"
ALL = "-DDATABASE -DHALVES -DROOT1"
COPY = "~released(ctx(Z,L,T,{bidder},M), p(I,share(kt(SEALED({time},{lot})),R,I),Q))"
TO_EVE = COPY.format(bidder="eve", time="today", lot="L2")
TO_OTHER_LOT = COPY.format(bidder="B", time="today", lot="lot1").replace("ctx(Z,L,", "ctx(Z,lot2,")
TO_TODAY = COPY.format(bidder="B", time="future", lot="L2")
OWN = COPY.format(bidder="alice", time="today", lot="L")
READ_AS_EVE, READ_ELSEWHERE, READ_OWN = (
    "~opened(Z,L,eve,price(SEALED(today,L2)))", "~opened(Z,lot2,B,price(SEALED(today,lot1)))", "~opened(Z,L,alice,price(SEALED(today,L)))")

CHECKS = [
    # --- secrecy: T, TB and B -----------------------------------------------------------------
    _sealing("TB: price before the time, k-1 holders, headers and the half", FUTURE, "-DHALVES -DROOT1"),
    _sealing("TB: price before the time, k-1 holders, whole database, platform's keys, halves", FUTURE, ALL),
    _sealing("TB: the same with another dishonest holder", FUTURE, "-DDATABASE -DHALVES -DROOT3"),
    _sealing("TB: price for ever, all holders, whole database, without the bidder's half", EVER, "-DDATABASE -DROOT1 -DROOT2 -DROOT3"),
    _sealing("TB: price after the opening, without the bidder's half", PAST, "-DDATABASE"),
    _sealing("TB: seeds disclosed in disputes of other sessions", FRESH, "-DDATABASE -DHALVES -DROOT3 -DDISPUTES"),
    _sealing("TB sanity: an honest opening gives the price", PAST, "-DDATABASE -DHALVES", REACHED),
    _sealing("TB sanity: k holders and the half give it", FUTURE, "-DDATABASE -DHALVES -DROOT1 -DROOT2", REACHED),
    _sealing("T: price before the time, k-1 holders, whole database", FUTURE, "-DPOLICY=T_ONLY -DDATABASE -DROOT1"),
    _sealing("T sanity: an honest opening gives the price", PAST, "-DPOLICY=T_ONLY -DDATABASE", REACHED),
    _sealing("T limit: k holders together", FUTURE, "-DPOLICY=T_ONLY -DDATABASE -DROOT1 -DROOT3", REACHED),
    _sealing("B: price for ever, whole database, without the half", EVER, "-DPOLICY=B_ONLY -DDATABASE -DROOT1 -DROOT2 -DROOT3"),
    _sealing("B limit: the half alone gives it, at any time", FUTURE, "-DPOLICY=B_ONLY -DDATABASE -DHALVES", REACHED),
    # --- copied headers ---------------------------------------------------------------------------
    _sealing("a holder gives no share for a header copied to another bidder", TO_EVE, "-DDATABASE -DROOT3"),
    _sealing("... to another lot", TO_OTHER_LOT, "-DDATABASE -DROOT3"),
    _sealing("... to a session with an earlier time", TO_TODAY, "-DDATABASE -DROOT3"),
    _sealing("sanity: it does for the bidder's own", OWN, "-DDATABASE -DROOT3", REACHED),
    _sealing("nobody is read out with another's price", READ_AS_EVE, "-DDATABASE -DHALVES -DROOT3"),
    _sealing("... nor for another lot", READ_ELSEWHERE, "-DDATABASE -DHALVES -DROOT3"),
    _sealing("sanity: the bidder is", READ_OWN, "-DDATABASE -DHALVES -DROOT3", REACHED),
    # --- sealing: faults ---------------------------------------------------------------------------
    _sealing("one binding alone is missing: the commitment still holds", FUTURE, f"{ALL} -DFAULT_WRAP_UNBOUND"),
    _sealing("one binding alone is missing: the wrap still holds", FUTURE, f"{ALL} -DFAULT_COMMITMENT_UNBOUND"),
    _sealing("one binding alone is missing: payload and blinding key", READ_AS_EVE, "-DDATABASE -DHALVES -DROOT3 -DFAULT_KEY_UNBOUND"),
    _sealing("one check alone is missing: the manifest's bidder", READ_AS_EVE, "-DDATABASE -DHALVES -DROOT3 -DFAULT_MANIFEST_UNCHECKED"),
    _sealing("neither wrap nor commitment bound: price before the time", FUTURE, f"{ALL} -DFAULT_WRAP_UNBOUND -DFAULT_COMMITMENT_UNBOUND", FAILS),
    _sealing("neither wrap nor commitment bound: copied to another bidder", TO_EVE,
             "-DDATABASE -DROOT3 -DFAULT_WRAP_UNBOUND -DFAULT_COMMITMENT_UNBOUND", FAILS),
    _sealing("payload key from KT alone: all holders, no half", EVER, "-DDATABASE -DROOT1 -DROOT2 -DROOT3 -DFAULT_KT_ALONE", FAILS),
    _sealing("an amendment may move the time earlier", FUTURE, f"{ALL} -DFAULT_MOVED_EARLIER", FAILS),
    _sealing("a holder releases whenever it is asked", FUTURE, f"{ALL} -DFAULT_RELEASED_WITHOUT_CLOSE", FAILS),
    _sealing("a holder rehearses with any bid", FUTURE, f"{ALL} -DFAULT_REHEARSES_ANY_BID", FAILS),
    _sealing("a pre-key serves again after its seed was disclosed", FRESH, "-DDATABASE -DHALVES -DROOT3 -DDISPUTES -DFAULT_PRE_KEY_USED_AGAIN", FAILS),
    _sealing("T: a bidder who does not check who signed the pre-keys", FUTURE, "-DPOLICY=T_ONLY -DDATABASE -DFAULT_PRE_KEYS_UNCHECKED", FAILS),
    _sealing("TB: the same; the half still guards the price", EVER, "-DDATABASE -DROOT1 -DFAULT_PRE_KEYS_UNCHECKED"),
    # --- agreement on the set opened ------------------------------------------------------------------
    Check("agreement.p", "who answers for one closing entry counts one set", "-DQUERY=1 -DDISHONEST", HOLDS),
    Check("agreement.p", "who answers for one session counts one set", "-DQUERY=2 -DDISHONEST", HOLDS),
    Check("agreement.p", "what is opened was counted together, one holder dishonest", "-DQUERY=3 -DDISHONEST", HOLDS),
    Check("agreement.p", "sanity: two holders can answer", "-DQUERY=4", REACHED),
    Check("agreement.p", "holders do not compare the set with the entry's root", "-DQUERY=1 -DFAULT_ROOT_UNCHECKED", FAILS),
    Check("agreement.p", "no witnesses: each holder is shown a log of its own", "-DQUERY=1 -DFAULT_NO_WITNESSES", FAILS),
    Check("agreement.p", "any close is answered: one session, one set", "-DQUERY=2 -DFAULT_ANY_CLOSE", FAILS),
    Check("agreement.p", "any close is answered: counted together, all honest", "-DQUERY=3 -DFAULT_ANY_CLOSE", HOLDS),
    Check("agreement.p", "any close is answered: counted together, one dishonest", "-DQUERY=3 -DFAULT_ANY_CLOSE -DDISHONEST", FAILS),
    Check("agreement.p", "any close is answered, and forgotten: counted together", "-DQUERY=3 -DFAULT_ANY_CLOSE -DFAULT_FORGETS_CLOSE", FAILS),
    # --- close, opening, extension ----------------------------------------------------------------------
    Check("opening.pml", "one close, one set, no bid lost, late or opened twice, opened in the end", "", HOLDS),
    Check("opening.pml", "no run goes round for ever", "-DCRASHES=0", HOLDS, cycles=True),
    Check("opening.pml", "sanity: a bid that replaced another is opened after an extension", "-DSANITY", REACHED),
    Check("opening.pml", "the close is decided before the lock", "-DFAULT_CLOSE_WITHOUT_LOCK", FAILS),
    Check("opening.pml", "the close and its evidence in two transactions", "-DFAULT_CLOSE_IN_TWO_TRANSACTIONS", FAILS),
    Check("opening.pml", "the close leaves out the last extension", "-DFAULT_IGNORE_EXTENSION", FAILS),
    Check("opening.pml", "the close goes by the session's time, filing by the lot's", "-DFAULT_TWO_DEADLINES", FAILS),
    Check("opening.pml", "an amendment may follow the close", "-DFAULT_AMEND_AFTER_CLOSE", FAILS),
    Check("opening.pml", "a filing is decided before the lock", "-DFAULT_FILE_CHECKS_BEFORE_LOCK", FAILS),
    Check("opening.pml", "the receipt leaves before the commit", "-DFAULT_RECEIPT_BEFORE_COMMIT", FAILS),
    Check("opening.pml", "a bid is settled without looking again", "-DFAULT_SETTLE_WITHOUT_CLAIM", FAILS),
    Check("opening.pml", "an extension is decided by a clock read before the lock", "-DFAULT_EXTENSION_BY_AN_OLD_CLOCK", FAILS),
    # --- a dishonest platform ------------------------------------------------------------------------------
    Check("holders.pml", "never before the latest time; one close; nobody bids after reading", "", HOLDS),
    Check("holders.pml", "the same with a dishonest holder", "-DDISHONEST", HOLDS),
    Check("holders.pml", "sanity: it opens", "-DSANITY", REACHED),
    Check("holders.pml", "a holder forgets the extension that it was shown", "-DFAULT_FORGETS_EXTENSION", FAILS),
    Check("holders.pml", "a holder asks only the witnesses for the time", "-DFAULT_IGNORES_OWN_CLOCK", FAILS),
    Check("holders.pml", "a holder asks only its own clock", "-DFAULT_IGNORES_WITNESSES", FAILS),
    Check("holders.pml", "each holder is shown a log of its own", "-DFAULT_FORKED_LOG", FAILS),
    Check("holders.pml", "any close is answered, once by each holder", "-DFAULT_ANY_CLOSE", FAILS),
    Check("holders.pml", "... still nobody bids after reading, if all are honest", "-DFAULT_ANY_CLOSE -DONLY_LATE", HOLDS),
    Check("holders.pml", "... but somebody does with one dishonest holder", "-DFAULT_ANY_CLOSE -DONLY_LATE -DDISHONEST", FAILS),
    Check("holders.pml", "... or when a holder forgets what it answered", "-DFAULT_ANY_CLOSE -DONLY_LATE -DFAULT_FORGETS_CLOSE", FAILS),
    # --- shares, checkpoints --------------------------------------------------------------------------------
    Check("shares.pml", "two good shares open a bid, whoever lies and whoever comes first", "", HOLDS),
    Check("shares.pml", "a holder's garbage counts as a share that the bidder dealt", "-DFAULT_GARBAGE_COUNTS", FAILS),
    Check("shares.pml", "the first k that fit their commitments decide", "-DFAULT_FIRST_K_DECIDE", FAILS),
    Check("checkpoints.pml", "both openings are released", "", HOLDS),
    Check("checkpoints.pml", "no run goes round for ever", "", HOLDS, cycles=True),
    Check("checkpoints.pml", "an opening is shown under one checkpoint for ever", "-DFAULT_ONE_CHECKPOINT -DERRORS=0", FAILS),
    Check("checkpoints.pml", "... one opening alone, a witness that answers", "-DFAULT_ONE_CHECKPOINT -DONE_OPENING", HOLDS),
    Check("checkpoints.pml", "... and a witness's error passes a checkpoint over", "-DFAULT_ONE_CHECKPOINT -DFAULT_PASSES_OVER -DONE_OPENING", FAILS),
    Check("checkpoints.pml", "a holder wants a newer checkpoint each time", "-DFAULT_WANTS_GROWTH", FAILS),
]


def missing() -> list[str]:
    """Debian packages of the tools that are not installed."""
    return sorted({package for tool, package in TOOLS.items() if not shutil.which(tool)})


def run(check: Check) -> Found:
    """Ask one question."""
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="formal-") as folder:
        found = (_prove if check.model.endswith(".p") else _explore)(check, Path(folder))
    return Found(found.answer, found.size, time.perf_counter() - begun)


def _call(command: list[str], folder: Path) -> str:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout + done.stderr


# --- first-order clauses -----------------------------------------------------------------------


def _prover(check: Check, folder: Path, *options: str) -> str:
    source = folder / "clauses.p"
    query = [f"-DQUERY={check.query}"] if check.query else []
    _call(["cpp", "-P", "-w", "-undef", "-nostdinc", "-traditional-cpp", *check.switches.split(), *query, str(HERE / check.model), str(source)], folder)
    # Both orders of work are complete; each comes to an end on its own kind of clauses.
    select = ["--literal-selection-strategy=SelectNegativeLiterals"] if check.model == "agreement.p" else []
    return _call(["eprover", "--tptp3-format", f"--memory-limit={MEGABYTES}", "--cpu-limit=30", "--print-statistics", *select, *options,
                  str(source)], folder)


def _prove(check: Check, folder: Path) -> Found:
    text = _prover(check, folder, "-s")
    status = re.search(r"SZS status (\w+)", text)
    size = re.search(r"Processed clauses +: (\d+)", text)
    # The query is denied. A contradiction is a derivation: of the secret, or of the agreement.
    derived = {"Unsatisfiable": True, "Satisfiable": False}.get(status[1] if status else "")
    if derived is None:
        return Found("no answer", "")
    is_secrecy = check.model == "sealing.p"
    answer = HOLDS if derived != is_secrecy else check.expected if check.expected == REACHED else FAILS
    return Found(answer, f"{size[1]} clauses" if size else "")


# --- processes ----------------------------------------------------------------------------------


def _build(check: Check, folder: Path, *options: str) -> None:
    shutil.copy(HERE / check.model, folder)
    _call(["spin", *check.switches.split(), "-a", check.model], folder)
    # Only a whole search of the large model repays the time of optimising.
    level = "-O1" if check.model == "opening.pml" and check.expected == HOLDS else "-O0"
    kind = "-DNP" if check.cycles else "-DSAFETY"
    _call(["gcc", level, "-w", kind, "-DNOREDUCE", f"-DMEMLIM={MEGABYTES}", *options, "-o", "pan", "pan.c"], folder)


def _explore(check: Check, folder: Path) -> Found:
    _build(check, folder)
    if not (folder / "pan").exists():
        return Found("no answer", "")
    text = _call([str(folder / "pan"), *(["-l"] if check.cycles else []), "-m100000", "-w20"], folder)
    errors = re.search(r"errors: (\d+)", text)
    size = re.search(r"(\d+) states, stored", text)
    # A search that was cut short has seen no error and proves nothing.
    cut = any(word in text for word in ("max search depth too small", "MEMLIM", "out of memory", "aborting"))
    if not errors or (cut and errors[1] == "0"):
        return Found("no answer", "")
    answer = HOLDS if errors[1] == "0" else check.expected if check.expected == REACHED else FAILS
    return Found(answer, f"{int(size[1]):,} states" if size else "")


def trace(question: str) -> str:
    """The shortest way to an error, or the clauses of a derivation, in the tool's own words."""
    check = next((check for check in CHECKS if question in (check.question, check.name)), None)
    if check is None:
        return "no such question"
    with tempfile.TemporaryDirectory(prefix="formal-") as place:
        folder = Path(place)
        if check.model.endswith(".p"):
            return _prover(check, folder, "--proof-object")
        _build(check, folder, "-DBFS")
        _call([str(folder / "pan"), "-m100000", "-w20"], folder)
        return _call(["spin", *check.switches.split(), "-t", "-p", check.model], folder).partition("spin: trail ends")[0]


def main(arguments: list[str]) -> int:
    if missing():
        print(f"not installed: {' '.join(missing())} (Debian packages)")
        return 2
    if arguments[:1] == ["--trace"]:
        print(trace(arguments[1]))
        return 0
    models = [argument for argument in arguments if argument != "--quick"]
    chosen = [check for check in CHECKS if (not models or check.model.split(".")[0] in models)
              and not ("--quick" in arguments and check.cycles)]
    differ = 0
    with ThreadPoolExecutor(2) as pool:
        for check, found in zip(chosen, pool.map(run, chosen), strict=True):
            same = found.answer == check.expected
            differ += not same
            print(f"{'' if same else 'DIFFERS: '}{found.answer:7}  {found.size:>16}  {found.seconds:5.1f} s  {check.question}"
                  f"\n{'':37}{check.name}", flush=True)
    print(f"{len(chosen)} checks, {differ} differ from what is expected")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

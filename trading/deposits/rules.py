"""Read a bank file strictly, match payers, keep the books balanced. Pure."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from trading.base.errors import Refused
from trading.base.money import parse_fen
from trading.law.periods import LEGAL_TIME

COLUMNS = ("流水号", "入账时间", "金额", "收款子账号", "付款户名", "付款账号")
TOTAL = "合计"
#: What is wrong with a line, in the words of the file's own head.
_WORDS = {"bank_id": COLUMNS[0], "duplicate": f"{COLUMNS[0]}重复", "time": COLUMNS[1], "sub_account": COLUMNS[3],
          "payer": COLUMNS[4], "columns": "列数"}
LARGEST_FILE = 8 * 1024 * 1024


@dataclass(frozen=True)
class Line:
    """One incoming payment as the bank states it."""

    bank_id: str
    value_at: datetime
    fen: int
    sub_account: str
    payer: str
    payer_account: str


def read_statement(data: bytes) -> list[Line]:
    """Read a statement (CSV, UTF-8 or GB18030) whose last row states count and sum.

    Either every line is right or the whole file is refused with ``deposit.file`` naming
    every wrong line, so that nothing is half imported.
    """
    if len(data) > LARGEST_FILE:
        raise Refused("deposit.file_large", most=LARGEST_FILE)
    try:
        rows = list(csv.reader(io.StringIO(_text(data)), strict=True))
    except csv.Error:
        raise Refused("deposit.file", lines=["1: csv"]) from None
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if not rows or tuple(cell.strip() for cell in rows[0]) != COLUMNS:
        raise Refused("deposit.file_columns", columns="，".join(COLUMNS))
    if len(rows) < 3 or rows[-1][0].strip() != TOTAL:
        raise Refused("deposit.file_total_missing")
    lines, wrong, seen = [], [], set[str]()
    for number, row in enumerate(rows[1:-1], 2):
        try:
            line = _line(row)
            if line.bank_id in seen:
                raise Refused("duplicate")
            seen.add(line.bank_id)
            lines.append(line)
        except Refused as refusal:
            wrong.append(f"{number}: {_WORDS.get(refusal.reason, COLUMNS[2])}")
    if wrong:
        raise Refused("deposit.file", lines=wrong)
    _check_total(rows[-1], lines)
    return lines


def _text(data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refused("deposit.file_encoding")


def _line(row: list[str]) -> Line:
    if len(row) != len(COLUMNS):
        raise Refused("columns")
    bank_id, when, amount, sub_account, payer, account = (unicodedata.normalize("NFKC", cell).strip() for cell in row)
    if not re.fullmatch(r"[A-Za-z0-9-]{4,64}", bank_id):
        raise Refused("bank_id")
    if not re.fullmatch(r"\d{16}", sub_account):
        raise Refused("sub_account")
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}", when):
        raise Refused("time")
    try:
        value_at = datetime.strptime(when, "%Y-%m-%d %H:%M:%S").replace(tzinfo=LEGAL_TIME)
    except ValueError:
        raise Refused("time") from None
    fen = parse_fen(amount)
    if fen <= 0:
        raise Refused("amount")
    if not payer or len(payer) > 200:
        raise Refused("payer")
    return Line(bank_id, value_at, fen, sub_account, payer, account)


def _check_total(row: list[str], lines: list[Line]) -> None:
    cells = [unicodedata.normalize("NFKC", cell).strip() for cell in row]
    total = sum(line.fen for line in lines)
    if len(cells) < 3 or cells[1] != str(len(lines)) or parse_fen(cells[2]) != total:
        raise Refused("deposit.file_total", count=len(lines), total_fen=total)


def same_name(payer: str, bidder: str) -> bool:
    """Whether the bank's payer is the bidder: width, spaces and bracket forms do not matter."""
    return _plain(payer) == _plain(bidder)


def _plain(name: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", name)).replace("〔", "(").replace("〕", ")").casefold()


def balanced(postings: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Postings (account, fen) that sum to zero. Raises Refused ``deposit.unbalanced``."""
    kept = [(account, fen) for account, fen in postings if fen]
    if sum(fen for _, fen in kept) or len(kept) < 2:
        raise Refused("deposit.unbalanced")
    return kept

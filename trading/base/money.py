"""Money is whole fen: one int, never a float.

Reading what people type is strict about meaning and lenient about form: full-width
digits, thousands separators and the suffixes 万 and 亿 are understood; underscores,
exponents, NaN and anything finer than a fen are refused.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from trading.base.errors import Refused

# The largest amount a column or a form may hold: 9.2 * 10**16 yuan is far beyond any
# project, and the limit keeps every sum of a ledger inside 63 bits.
LARGEST_FEN = 10**16

_AMOUNT = re.compile(r"(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?(万|亿)?(?:元)?", re.ASCII)
_SCALE = {"": 1, "万": 10_000, "亿": 100_000_000}


def parse_fen(text: str) -> int:
    """Read an amount in yuan as people write it and return whole fen.

    Raises Refused ``money.not_an_amount``, ``money.finer_than_fen`` or
    ``money.too_large``. Never rounds.
    """
    plain = unicodedata.normalize("NFKC", text).replace(" ", "").removeprefix("¥")
    match = _AMOUNT.fullmatch(plain)
    if match is None:
        raise Refused("money.not_an_amount", text=text[:40])
    whole, part, unit = match.group(1).replace(",", ""), match.group(2) or "", match.group(3) or ""
    if len(whole) > 18 or len(part) > 12:
        raise Refused("money.too_large", text=text[:40])
    fen = Decimal(f"{whole}.{part or '0'}") * _SCALE[unit] * 100
    if fen != fen.to_integral_value():
        raise Refused("money.finer_than_fen", text=text[:40])
    if fen > LARGEST_FEN:
        raise Refused("money.too_large", text=text[:40])
    return int(fen)


def yuan(fen: int) -> str:
    """Show whole fen as yuan with separators: 123456789 -> 1,234,567.89."""
    sign, fen = ("-", -fen) if fen < 0 else ("", fen)
    return f"{sign}{fen // 100:,}.{fen % 100:02d}"


_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿", "万亿", "亿亿")


def capitals(fen: int) -> str:
    """Amount in Chinese capitals (大写), as cheques and tender letters require.

    Follows the Payment and Settlement Rules: one 零 for any run of zeros between
    figures, 整 after whole yuan or whole jiao.
    """
    if fen < 0:
        return "负" + capitals(-fen)
    whole, jiao, cents = fen // 100, fen // 10 % 10, fen % 10
    text = _whole(whole) + "元" if whole else ""
    if not jiao and not cents:
        return (text or "零元") + "整"
    if jiao:
        text += _DIGITS[jiao] + "角"
    elif whole:
        text += "零"
    return text + (_DIGITS[cents] + "分" if cents else "整")


def _whole(number: int) -> str:
    groups: list[int] = []
    while number:
        groups.append(number % 10_000)
        number //= 10_000
    text, gap = "", False
    for index in range(len(groups) - 1, -1, -1):
        group = groups[index]
        if group == 0:
            gap = bool(text)
            continue
        if text and (gap or group < 1000):
            text += "零"
        text += _group(group) + _GROUPS[index]
        gap = False
    return text


def _group(number: int) -> str:
    text, gap = "", False
    for place in (3, 2, 1, 0):
        digit = number // 10**place % 10
        if digit == 0:
            gap = bool(text)
            continue
        text += ("零" if gap else "") + _DIGITS[digit] + _PLACES[place]
        gap = False
    return text

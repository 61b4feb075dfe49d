"""The fields of a template as a form, made for one case; typed text to plain values and back."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from govuk_frontend_wtf.wtforms_widgets import GovCheckboxesInput, GovRadioInput
from wtforms import Field as FormField
from wtforms import Form, RadioField, SelectMultipleField

from trading.announcements import rules as notice_rules
from trading.base import fields
from trading.base.clock import BEIJING
from trading.base.errors import Refused
from trading.base.forms import number
from trading.base.money import parse_fen
from trading.drafting import words
from trading.drafting.filling import Slot, Values
from trading.drafting.outlines import Kind
from trading.drafting.rules import Hint

_ = lazy_gettext
#: The largest whole number that the data of a document may hold (RFC 8785).
LARGEST = 2**53 - 1
MOST = {Kind.TEXT: 10_000, Kind.ITEMS: 4_000}
MOST_COUNT = 3650


def _amount(text: str) -> int:
    fen = parse_fen(text)
    if fen > LARGEST:
        raise Refused("money.too_large", text=text[:40])
    return fen


def _rate(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).strip().removesuffix("%").strip()
    if not re.fullmatch(r"\d{1,3}(\.\d{1,2})?", plain, re.ASCII) or float(plain) > 100:
        raise Refused("document.rate", text=text[:40])
    return plain


class _AmountField(fields.AmountField):
    read = staticmethod(_amount)


class _RateField(fields._Read):
    """Points or a percentage, at most two decimals, kept as exact text."""

    read = staticmethod(_rate)


class _CountField(fields._Read):
    read = staticmethod(lambda text: number(text, least=1, most=MOST_COUNT))


class _OneField(RadioField):
    """One choice, or none as yet."""

    def pre_validate(self, form: Form) -> None:
        if self.data:
            super().pre_validate(form)


def _made(slot: Slot) -> Any:
    label, described = words.label(slot), words.hint(slot)
    kind = slot.field.kind
    if kind in MOST:
        return fields.TextField(label, description=described, most=MOST[kind])
    if kind is Kind.CHOICE:
        return _OneField(label, description=described, widget=GovRadioInput(), choices=words.choices(slot))
    if kind is Kind.CHOICES:
        return SelectMultipleField(label, description=described, widget=GovCheckboxesInput(), choices=words.choices(slot))
    if kind is Kind.MOMENT:
        return fields.MomentField(label, description=described or _("北京时间，例如 2026-09-04 10:00"))
    typed = {Kind.AMOUNT: _AmountField, Kind.POINTS: _RateField, Kind.PERCENT: _RateField, Kind.COUNT: _CountField}.get(kind, fields.LineField)
    return typed(label, description=described)


def document_form(asked: list[Slot], values: Values | None = None) -> FlaskForm:
    """A form with a field for each slot: filled with values, or read from the request without them."""
    class DocumentForm(FlaskForm):
        pass

    for slot in asked:
        setattr(DocumentForm, slot.name, _made(slot))
    if values is None:
        return DocumentForm()
    return DocumentForm(formdata=None, data={slot.name: _typed(slot, values.get(slot.name)) for slot in asked})


def _typed(slot: Slot, value: Any) -> Any:
    if slot.field.kind is Kind.ITEMS:
        return "\n".join(value or [])
    if slot.field.kind is Kind.MOMENT:
        return notice_rules.moment(value) if value else None
    return value


def values_of(form: FlaskForm, asked: list[Slot]) -> dict[str, Any]:
    """Plain values, fit to be kept: what could not be read is empty."""
    return {slot.name: _plain(slot, form[slot.name]) for slot in asked}


def _plain(slot: Slot, field: FormField) -> Any:
    if field.errors:
        return [] if slot.field.kind in (Kind.ITEMS, Kind.CHOICES) else None
    if slot.field.kind is Kind.ITEMS:
        return [line.strip() for line in (field.data or "").split("\n") if line.strip()]
    if slot.field.kind is Kind.MOMENT:
        return field.data.astimezone(BEIJING).isoformat() if field.data else None
    return field.data


def reasons_form(hints: list[Hint], given: Any = None, reasons: Mapping[str, str] | None = None) -> Form:
    """One line for each clue: why the wording is lawful."""
    class ReasonsForm(Form):
        pass

    for hint in hints:
        setattr(ReasonsForm, f"reason_{hint.mark}", fields.LineField(
            _("理由"), most=500, description=_("说明这一表述为什么不违法，或者修改原文")))
    return ReasonsForm(given, data={f"reason_{mark}": text for mark, text in (reasons or {}).items()})

"""Form fields for what people type here: amounts, moments, days, lines and texts.

A field keeps the typed text for showing it again and gives a plain value; what cannot be
read is an error of that field, in the words of the refusal.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from govuk_frontend_wtf.wtforms_widgets import GovTextArea, GovTextInput
from wtforms import Field, Form, StringField, TextAreaField, ValidationError
from wtforms.validators import StopValidation

from trading.base import forms
from trading.base.clock import BEIJING
from trading.base.errors import Refused
from trading.base.language import refusal_text
from trading.base.money import parse_fen, yuan
from trading.base.texts import UNSEEN


class Filled:
    """The field must hold something. The sentence says what."""

    field_flags = {"required": True}

    def __init__(self, sentence: Any) -> None:
        self.sentence = sentence

    def __call__(self, form: Form, field: Field) -> None:
        if field.errors:
            raise StopValidation  # what was typed could not be read, which is told already
        if field.data is None or field.data == "" or field.data == []:
            raise StopValidation(str(self.sentence))


class _Read(StringField):
    """A text that is read into a value; the text itself is shown again."""

    widget = GovTextInput()
    read: Callable[[str], Any]

    @staticmethod
    def write(value: Any) -> str:
        return str(value)

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else self.write(self.data)

    def process_formdata(self, valuelist: list[Any]) -> None:
        text = str(valuelist[0]).strip() if valuelist else ""
        self.data = None
        if text:
            try:
                self.data = type(self).read(text)
            except Refused as refusal:
                raise ValueError(refusal_text(refusal)) from None


class AmountField(_Read):
    """An amount in yuan; its value is whole fen."""

    read = staticmethod(parse_fen)
    data: int | None

    @staticmethod
    def write(value: Any) -> str:
        return yuan(value)


class MomentField(_Read):
    """A moment in Beijing time."""

    read = staticmethod(forms.moment)
    data: datetime | None

    @staticmethod
    def write(value: Any) -> str:
        return f"{value.astimezone(BEIJING):%Y-%m-%d %H:%M}"


class DayField(_Read):
    """A day."""

    read = staticmethod(forms.day)
    data: date | None

    @staticmethod
    def write(value: Any) -> str:
        return str(value.isoformat())


def _check(text: str, most: int) -> str:
    if len(text) > most:
        raise ValidationError(_("最多 %(most)s 字，现有 %(have)s 字", most=most, have=len(text)))
    if any(character in UNSEEN for character in text):
        raise ValidationError(_("含有看不见的控制字符，请删除后重新填写"))
    return text


class LineField(StringField):
    """One line of text with a largest length; unseen characters are refused."""

    widget = GovTextInput()

    def __init__(self, *args: Any, most: int = 200, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.most = most

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = str(valuelist[0]).strip() if valuelist else ""

    def pre_validate(self, form: Form) -> None:
        _check(self.data or "", self.most)
        if "\n" in (self.data or "") or "\r" in (self.data or ""):
            raise ValidationError(_("请写成一行"))


class TextField(TextAreaField):
    """Several lines of text with a largest length."""

    widget = GovTextArea()

    def __init__(self, *args: Any, most: int = 20_000, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.most = most

    def process_formdata(self, valuelist: list[Any]) -> None:
        text = str(valuelist[0]) if valuelist else ""
        self.data = text.replace("\r\n", "\n").replace("\r", "\n").strip()

    def pre_validate(self, form: Form) -> None:
        _check(self.data or "", self.most)


def tell(form: Form, refusal: Refused, field: Field | None = None) -> None:
    """Show a service's refusal on the form that it came from, at one field or above all."""
    text = refusal_text(refusal)
    if field is None:
        field = next(iter(form))
    field.errors = [*field.errors, text]

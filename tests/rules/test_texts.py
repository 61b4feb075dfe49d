"""Texts that people type: there, readable, not too long."""

from __future__ import annotations

import pytest

from tests.services.test_filing import refused
from trading.base import texts


@pytest.mark.parametrize("wrong", ["", "  \n", "长" * 11, "a\0b", "a\u202eb", "a\x7fb", "\u2066", "a\x1b[2J"])
def test_what_is_empty_endless_or_unseen_is_refused(wrong: str) -> None:
    with refused("some.reason"):
        texts.filled(wrong, "some.reason", 10)


@pytest.mark.parametrize(("typed", "kept"), [(" 甲 ", "甲"), ("长" * 10, "长" * 10), ("a\r\n\tb", "a\r\n\tb"), ("😀" * 10, "😀" * 10)])
def test_what_people_write_is_kept_without_the_blanks_around_it(typed: str, kept: str) -> None:
    assert texts.filled(typed, "some.reason", 10) == kept == texts.perhaps(typed, "some.reason", 10)


def test_what_need_not_be_written_may_be_blank_but_not_bad() -> None:
    assert texts.perhaps(" \n ", "some.reason", 10) == ""
    with refused("some.reason"):
        texts.perhaps("a\0b", "some.reason", 10)

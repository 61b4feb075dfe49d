"""Eight words stand for a key, and for no other."""

from __future__ import annotations

from bidding.trustees import fingerprints


def test_a_key_has_eight_words_of_its_own() -> None:
    assert fingerprints.words(bytes(32)) == fingerprints.words(bytes(32))
    assert len(fingerprints.words(bytes(32)).split()) == 8
    seen = {fingerprints.words(number.to_bytes(32, "big")) for number in range(2000)}
    assert len(seen) == 2000
    assert len({word for words in seen for word in words.split()}) > 1000, "all of the list is used"


def test_the_words_never_change() -> None:
    """They are printed in notices: a changed list or hash would make every printed one wrong."""
    assert fingerprints.words(b"mingtang".ljust(32, b"\0")) == EXPECTED


EXPECTED = "grant vanish speak estate envelope velvet jury ancestor"

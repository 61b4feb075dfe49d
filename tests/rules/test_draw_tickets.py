"""Tickets, seeds and roots: fixed, even-handed, and the same for everyone."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experts.draw.tickets import (
    Row,
    base,
    digest,
    eid,
    lp,
    merkle_root,
    order,
    pool_root,
    seed,
    ticket,
    unbase,
)
from trading.base.errors import Refused

SALT = bytes(range(32))
HASH = b"\x01" * 32
GIVEN = {"org-b": b"\x02" * 32, "org-a": b"\x03" * 32, "org-c": b"\x04" * 32}


def row(number: int, w: int = 1, employer: str = "") -> Row:
    return Row(eid(SALT, f"E{number}"), w, ("CN-51",), ("A01",), employer or f"org{number}")


def test_a_hash_for_each_purpose() -> None:
    assert digest("seed", b"x") == hashlib.sha256(b"mingtang/v1/seed\x00x").digest()
    assert lp(b"abc") == b"\x00\x00\x00\x00\x00\x00\x00\x03abc"


def test_a_pseudonym_is_an_hmac_of_the_expert() -> None:
    assert unbase(eid(SALT, "E1")) == hmac.new(SALT, b"E1", hashlib.sha256).digest()
    assert eid(SALT, "E1") != eid(bytes(32), "E1")
    with pytest.raises(Refused, match="draw.salt_too_short"):
        eid(b"short", "E1")


@pytest.mark.parametrize(
    "text", ["", "AAAA", "=" * 44, "A" * 43 + " ", base(bytes(32))[:-2] + "B="]
)
def test_only_canonical_base64_of_32_bytes(text: str) -> None:
    with pytest.raises(Refused, match="draw.not_base64"):
        unbase(text)


# Roots that Certificate Transparency implementations agree on for these eight leaves.
LEAVES = [
    bytes.fromhex(text)
    for text in [
        "", "00", "10", "2021", "3031", "40414243",
        "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    ]
]  # fmt: skip
ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    6: "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


@pytest.mark.parametrize("size", ROOTS)
def test_known_merkle_roots(size: int) -> None:
    assert merkle_root(LEAVES[:size]).hex() == ROOTS[size]


def by_the_book(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1 word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    both = by_the_book(leaves[:k]) + by_the_book(leaves[k:])
    return hashlib.sha256(b"\x01" + both).digest()


@given(st.lists(st.binary(max_size=4), max_size=40))
def test_the_root_is_the_one_of_the_rfc(leaves: list[bytes]) -> None:
    assert merkle_root(leaves) == by_the_book(leaves)


def test_the_pool_root_does_not_depend_on_the_order_of_rows() -> None:
    rows = [row(n) for n in range(9)]
    assert pool_root(rows) == pool_root(reversed(rows))
    assert pool_root(rows) != pool_root(rows[:-1])
    assert pool_root(rows) != pool_root([row(0, w=2), *rows[1:]])
    with pytest.raises(Refused, match="draw.expert_twice"):
        pool_root([rows[0], rows[0]])


def test_the_seed_is_the_published_formula() -> None:
    data = HASH + HASH
    for name in ("org-a", "org-b", "org-c"):
        data += lp(name.encode()) + lp(GIVEN[name])
    assert seed(HASH, HASH, GIVEN) == digest("seed", data)
    assert seed(HASH, HASH, GIVEN, b"drand") == digest("seed", data + lp(b"drand"))
    assert seed(HASH, HASH, GIVEN, b"") != seed(HASH, HASH, GIVEN)


def test_every_contribution_and_its_giver_count() -> None:
    first = seed(HASH, HASH, GIVEN)
    assert seed(HASH, HASH, dict(reversed(GIVEN.items()))) == first
    swapped = {**GIVEN, "org-a": GIVEN["org-b"], "org-b": GIVEN["org-a"]}
    assert seed(HASH, HASH, swapped) != first
    # With XOR a pair of equal values would vanish; here it does not.
    assert seed(HASH, HASH, {**GIVEN, "org-d": HASH, "org-e": HASH}) != first


def test_too_few_or_malformed_contributions_are_refused() -> None:
    with pytest.raises(Refused, match="draw.too_few_contributions"):
        seed(HASH, HASH, {"a": HASH, "b": HASH})
    with pytest.raises(Refused, match="draw.not_32_bytes"):
        seed(HASH, HASH, {**GIVEN, "org-d": b"short"})
    with pytest.raises(Refused, match="draw.not_32_bytes"):
        seed(b"", HASH, GIVEN)


def test_a_ticket_is_the_lowest_of_its_numbers() -> None:
    one = row(1).eid
    numbers = [
        digest("ticket", HASH + unbase(one) + j.to_bytes(8, "big")) for j in range(5)
    ]
    for weight in range(1, 6):
        assert ticket(HASH, one, weight) == min(numbers[:weight])
    with pytest.raises(Refused, match="draw.weight_not_positive"):
        ticket(HASH, one, 0)


@pytest.mark.parametrize("weight", [0, -1, True, 2**53])
def test_weights_are_positive_whole_numbers(weight: int) -> None:
    with pytest.raises(Refused, match="draw.weight_not_positive"):
        row(1, w=weight)


@given(st.binary(min_size=32, max_size=32), st.randoms(use_true_random=False))
def test_the_order_is_fixed_by_the_seed_alone(chance: bytes, shuffler) -> None:
    rows = [row(n) for n in range(12)]
    first = order(chance, rows)
    shuffler.shuffle(rows)
    assert order(chance, rows) == first
    assert sorted(one.eid for one in first) == sorted(one.eid for one in rows)


def firsts(rows: list[Row], draws: int) -> Counter[str]:
    return Counter(
        min(rows, key=lambda one: ticket(digest("t", n.to_bytes(8, "big")), one.eid, one.w)).eid
        for n in range(draws)
    )


def test_everyone_is_first_equally_often() -> None:
    rows, draws = [row(n) for n in range(6)], 6000
    found = firsts(rows, draws)
    chi_square = sum((found[one.eid] - draws / 6) ** 2 / (draws / 6) for one in rows)
    assert chi_square < 15.09  # 1 % point of five degrees of freedom; seeds are fixed


def test_weights_are_chances() -> None:
    rows, draws = [row(0, w=1), row(1, w=2), row(2, w=5)], 8000
    found = firsts(rows, draws)
    chi_square = sum(
        (found[one.eid] - draws * one.w / 8) ** 2 / (draws * one.w / 8) for one in rows
    )
    assert chi_square < 9.21  # 1 % point of two degrees of freedom

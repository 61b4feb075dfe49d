"""Regions: whose law reaches where, as an explicit table from the nation to the city.

A rule of a region holds there and in every region below it. The chain of parents comes from
rows/regions.toml and not from the digits of a code, so that a new area, or one that follows
another's rules, is one line of data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from trading.base.errors import Refused

NATION = "CN"


@dataclass(frozen=True)
class Region:
    """One area with rules of its own or a place in somebody's chain; the nation has no parent."""

    code: str
    zh: str
    en: str
    parent: str | None
    file: str = ""


@dataclass(frozen=True)
class Atlas:
    """All regions known, by code."""

    regions: Mapping[str, Region]

    @classmethod
    def of(cls, regions: Iterable[Region]) -> Atlas:
        """Put regions together, refusing twins, unknown parents and circles.

        Raises Refused ``law.region_twice``, ``law.region_parent_unknown``, ``law.region_cycle``.
        """
        known: dict[str, Region] = {}
        for region in regions:
            if region.code in known:
                raise Refused("law.region_twice", region=region.code, file=region.file)
            known[region.code] = region
        for region in known.values():
            _refuse_circle(region, known)
        return cls(known)

    @cached_property
    def _codes(self) -> Mapping[str, str]:
        return {name: region.code for region in self.regions.values() for name in (region.zh, region.code)}

    @cached_property
    def _chains(self) -> dict[str, tuple[str, ...]]:
        return {}

    def code(self, name: str) -> str:
        """Find a region by its code or its Chinese name: 重庆 is CN-50.

        Raises Refused ``law.unknown_region``: a misspelt region would silently get national law.
        """
        try:
            return self._codes[name]
        except KeyError:
            raise Refused("law.unknown_region", region=name) from None

    def chain(self, name: str) -> tuple[str, ...]:
        """The region and everything above it, closest first: city, province, nation."""
        chain = self._chains.get(name)
        if chain is None:
            steps = [self.code(name)]
            while (parent := self.regions[steps[-1]].parent) is not None:
                steps.append(parent)
            chain = self._chains[name] = tuple(steps)
        return chain


def _refuse_circle(region: Region, known: Mapping[str, Region]) -> None:
    seen = {region.code}
    step = region
    while step.parent is not None:
        parent = known.get(step.parent)
        if parent is None:
            raise Refused(
                "law.region_parent_unknown", region=step.code, parent=step.parent, file=step.file
            )
        if parent.code in seen:
            raise Refused("law.region_cycle", region=region.code, file=region.file)
        seen.add(parent.code)
        step = parent

"""The rule table: every legal figure, and how the right one is found.

Rows lie in rows/*.toml, one file per family, regions in rows/regions.toml and their rows
below rows/regions; a centre may lay in a folder of its own. A row is looked up by the date of
the legal event (the day the notice or document was issued), never by today, because a
document published before a change keeps the rule it was published under.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path

from trading.base.errors import Refused
from trading.law.procedures import FAMILIES, LAW_OF, MAIN
from trading.law.reading import Sheet, read_file, refuse_unsound
from trading.law.regions import NATION, Atlas
from trading.law.rule import PERIODS, Event, Rule, Sense, Status, Unit

__all__ = [
    "NATION", "PERIODS", "Book", "Event", "Rule", "Sense", "Status", "Unit",
    "all_rules", "book", "find", "learn", "load", "packaged", "seek", "use",
]  # fmt: skip

ROWS = Path(__file__).with_name("rows")


@dataclass(frozen=True)
class Book:
    """A sound set of rows and regions: the law as one installation knows it."""

    rules: tuple[Rule, ...]
    atlas: Atlas

    @classmethod
    def of(cls, sheets: list[Sheet]) -> Book:
        """Bind files together, refusing rows that contradict each other or the regions."""
        atlas = Atlas.of(region for sheet in sheets for region in sheet.regions)
        rows = [rule for sheet in sheets for rule in sheet.rules]
        refuse_unsound(rows, atlas)
        rows.sort(key=lambda row: (row.key, row.region, row.procedures, row.start or date.min))
        return cls(tuple(rows), atlas)

    @cached_property
    def by_key(self) -> Mapping[str, tuple[Rule, ...]]:
        """The rows of each key, so that a look-up never walks the whole table."""
        index: dict[str, list[Rule]] = {}
        for row in self.rules:
            index.setdefault(row.key, []).append(row)
        return {key: tuple(rows) for key, rows in index.items()}

    def seek(
        self, key: str, *, on: date, region: str = NATION, procedure: str | None = None
    ) -> Rule | None:
        """The row in force on that day; the closest region wins, then a named procedure.

        None where a procedure may lawfully be without the figure. Raises Refused
        ``law.unknown_procedure``, ``law.unknown_region`` or ``law.procedure_needed``.
        """
        if procedure is not None and procedure not in FAMILIES:
            raise Refused("law.unknown_procedure", procedure=procedure)
        chain = self.atlas.chain(region)
        law = procedure and LAW_OF[procedure]
        rows = [
            row
            for row in self.by_key.get(key, ())
            if row.covers(law) and row.in_force(on) and row.region in chain
        ]
        if not rows:
            return None
        closest = min(_distance(row, chain) for row in rows)
        rows = [row for row in rows if _distance(row, chain) == closest]
        if len(rows) > 1:
            # Only possible when no procedure was named: the rows differ by procedure. A key of
            # one family then means its main procedure; others (dp., cm.) must be asked exactly.
            main = MAIN.get(key.partition(".")[0])
            rows = [row for row in rows if main in row.procedures]
        if not rows:
            raise Refused("law.procedure_needed", key=key)
        return rows[0]

    def find(
        self, key: str, *, on: date, region: str = NATION, procedure: str | None = None
    ) -> Rule:
        """Like seek, for figures that must exist. Raises Refused ``law.no_rule``."""
        rule = self.seek(key, on=on, region=region, procedure=procedure)
        if rule is None:
            raise Refused(
                "law.no_rule", key=key, on=on, region=region, procedure=procedure or "*"
            )
        return rule


def _distance(row: Rule, chain: tuple[str, ...]) -> tuple[int, bool]:
    return chain.index(row.region), "*" in row.procedures


def load(*folders: Path) -> Book:
    """Read the packaged rows and those of further folders into one sound table."""
    files = [path for folder in (ROWS, *folders) for path in sorted(folder.rglob("*.toml"))]
    return Book.of([read_file(path) for path in files])


@lru_cache(maxsize=1)
def packaged() -> Book:
    """The rows that come with the program, read once."""
    return load()


_in_use: list[Book] = []


def use(book: Book | None) -> None:
    """Make one table count from now on; None goes back to the packaged rows."""
    _in_use[:] = [] if book is None else [book]


def learn(folder: Path) -> Book:
    """Make the rows that a centre has laid in count beside the packaged ones.

    Called once while the program starts. An unsound row stops the start with its key and file.
    """
    use(load(folder))
    return book()


def book() -> Book:
    """The table in use."""
    return _in_use[0] if _in_use else packaged()


def all_rules(*folders: Path) -> tuple[Rule, ...]:
    """Every row in use, ordered by key, region and date; with folders, the packaged and theirs."""
    return (load(*folders) if folders else book()).rules


def find(key: str, *, on: date, region: str = NATION, procedure: str | None = None) -> Rule:
    """Give the figure in force on the day of the legal event in that region."""
    return book().find(key, on=on, region=region, procedure=procedure)


def seek(
    key: str, *, on: date, region: str = NATION, procedure: str | None = None
) -> Rule | None:
    """Like find, for figures that a procedure may lawfully be without."""
    return book().seek(key, on=on, region=region, procedure=procedure)

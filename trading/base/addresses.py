"""Numbers in addresses: plain ASCII digits that every database column can hold."""

from __future__ import annotations

from typing import Any

from werkzeug.routing import BaseConverter


class Number(BaseConverter):
    """A row's number. Longer ones cannot exist, and would be an accident in the database."""

    regex = "[0-9]{1,15}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: Any) -> str:
        return str(int(value))


def register(state: Any) -> None:
    """For ``bp.record(addresses.register)``: lets a blueprint write ``<number:project_id>``."""
    state.app.url_map.converters.setdefault("number", Number)

"""Hand one file of an opened bid to whoever must judge it."""

from __future__ import annotations

import io
import zipfile

from flask import send_file
from flask.typing import ResponseReturnValue

from bidding.opening.models import OpenedBid
from trading.base import installation
from trading.base.errors import NotFound


def download(bid: OpenedBid, number: int) -> ResponseReturnValue:
    """The bid's file with this number, always as a download: a bidder's file is never shown as a
    page of ours. Raises NotFound."""
    if not bid.plain or not 0 <= number < len(bid.files or []):
        raise NotFound
    name = (bid.files or [])[number]["name"]
    with installation.files().open(bid.plain) as source, zipfile.ZipFile(source) as archive:
        data = archive.read(name)
    return send_file(io.BytesIO(data), as_attachment=True, download_name=name, mimetype="application/octet-stream")

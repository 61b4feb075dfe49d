"""Hand a stored file to a browser as a download."""

from __future__ import annotations

from urllib.parse import quote

from flask import Response, stream_with_context

from trading.base import installation


def attachment(stored: str, name: str, size: int) -> Response:
    """Stream a file; it is saved, never shown, so that no upload runs in our origin (RFC 6266)."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in name) or "file"
    answer = Response(stream_with_context(installation.files().chunks(stored)), mimetype="application/octet-stream")
    answer.content_length = size
    answer.headers["Content-Disposition"] = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    return answer

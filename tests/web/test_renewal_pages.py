"""The archivist renews a pack's evidence and hands the renewals on; others do not see them."""

from __future__ import annotations

from tests.builders import Centre
from tests.web.sign_in import signed_in
from trading.accounts.permissions import Role


def test_an_archivist_renews_and_downloads(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_case("register", "announce", bidders=2)
    case.file_bids()
    case.close()
    sqlite_centre.app.config["WTF_CSRF_ENABLED"] = False  # the form of the page carries it; another test asks for it
    client = signed_in(sqlite_centre, Role.ARCHIVIST)
    path = f"/archive/{case.lot.code}"
    assert client.post(f"{path}/renew").status_code == 404, "there is no pack yet"
    assert client.get(f"{path}/renewals.json").status_code == 404
    case.seal_archive()
    assert "更新证据" in client.get(path).get_data(as_text=True)
    assert client.post(f"{path}/renew").status_code == 302
    given = client.get(f"{path}/renewals.json").get_json()
    assert [item["document"]["number"] for item in given["renewals"]] == [1]
    assert "1." in client.get(path).get_data(as_text=True)


def test_bidders_get_nothing(sqlite_centre: Centre) -> None:
    case = sqlite_centre.a_case("register", "announce", bidders=2)
    case.file_bids()
    case.close()
    case.seal_archive()
    sqlite_centre.app.config["WTF_CSRF_ENABLED"] = False  # the form of the page carries it; another test asks for it
    client = signed_in(sqlite_centre, Role.BIDDER)
    assert client.get(f"/archive/{case.lot.code}/renewals.json").status_code == 404
    assert client.post(f"/archive/{case.lot.code}/renew").status_code == 403

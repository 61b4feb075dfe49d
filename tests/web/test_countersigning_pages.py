"""The purchaser's page of its sealing sessions."""

from __future__ import annotations

from base64 import b64encode

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bidding.trustees import countersigning, fingerprints
from bidding.trustees import service as trustees
from tests.builders import T0
from tests.web.conftest import Site
from trading.accounts.permissions import Role
from trading.demonstration.case import CaseRun
from trading.evidence import verify


def test_the_purchaser_compares_the_words_and_signs_on_its_own_device(site: Site) -> None:
    with site.inside() as centre:
        case = CaseRun(centre.cast, centre.plan(3), T0)
        case.countersign = lambda _session: None  # type: ignore[method-assign]
        case.register()
        case.announce()
        project, session, purchaser, stranger = case.project_id, case.session.id, centre.cast.tenderer.id, centre.companies[0].id
        words = [fingerprints.words(bytes.fromhex(record.public)) for record in trustees.active()]
        site.at = case.at
    place = f"/projects/{project}/sessions"
    person = site.someone(Role.TENDERER, purchaser)
    page = person.get(place)
    assert page.status_code == 200 and all(words in page.text for words in words) and "未签名" in page.text
    assert f'{place.removesuffix("/sessions")}/sessions' in person.get(f"/projects/{project}").text
    key = Ed25519PrivateKey.generate()
    public = b64encode(verify.raw_public_key(key)).decode()
    good = {"public": public, "signature": b64encode(key.sign(countersigning.message(session))).decode()}
    for body, status in (({"public": public}, 422), ({"public": "?", "signature": "?"}, 422), ({"public": public, "signature": ""}, 422),
                         ({"public": public, "signature": b64encode(b"x" * 64).decode()}, 422), ({"public": 5, "signature": []}, 422)):
        answer = person.post(f"{place}/{session}/{session}", json=body)
        assert 400 <= answer.status_code <= status, answer.text
    assert person.post(f"{place}/{session}/{'11' * 32}", json=good).status_code == 404
    assert person.post(f"{place}/{'11' * 32}/{session}", json=good).status_code == 404
    assert site.someone(Role.TENDERER, stranger).get(place).status_code == 404
    assert site.someone(Role.TENDERER, stranger).post(f"{place}/{session}/{session}", json=good).status_code == 404
    assert person.post(f"{place}/{session}/{session}", json=good).status_code == 200
    assert "未签名" not in person.get(place).text and verify.raw_public_key(key).hex() in person.get(place).text

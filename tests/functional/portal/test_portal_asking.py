"""Asking through the portal: forms made of the methods' own settings, verdicts foreseen, signatures from outside."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from summand.encoding import dump, parse
from summand.governance import governance_state
from summand.guard import decide, foresee, unsigned_study
from summand.methods import METHODS
from summand.portal._method_form import fields_of, spec_of
from summand.signing import Envelope, PrivateKey
from summand.study import SignedStudy, whole_entries
from summand.testing.federations import ANALYST, STEWARD, Partnership
from summand.testing.portals import SITES, World, ask, make_draft, make_world, text_of, token_in


@pytest.fixture(scope="module")
def world() -> World:
    """A hub after one released and one refused study."""
    return make_world()


def send(world: World, login: str, path: str, form: dict[str, Any]) -> Any:
    """The answer to a form, sent with its token from the page at the same address."""
    cookies = f"__Host-summand={world.session(login)}"
    (page,) = ask(world, ("GET", path), cookies=cookies)
    (answer,) = ask(world, ("POST", path, {"csrf": token_in(page), **form}), cookies=cookies)
    return answer


@pytest.mark.parametrize("name", sorted(METHODS))
def test_every_method_has_a_form_of_its_own_settings(name: str) -> None:
    """Each field is a setting, with a hint; what is left as it is asks for the method's own defaults."""
    fields = fields_of(name)
    assert all(field.hint for field in fields), [field.name for field in fields if not field.hint]
    form = {f"setting.{field.name}": field.default for field in fields if not field.required}
    lists = {f"setting.{field.name}": ["y"] for field in fields if field.required}
    texts = {f"setting.{field.name}": "[]" if field.kind == "json" else "y ~ x" for field in fields if field.required}
    spec = spec_of(name, {**form, **texts}, lists)
    assert set(spec) == {"name", *(field.name for field in fields if field.required)}


@pytest.mark.parametrize("name", sorted(METHODS))
def test_every_method_shows_its_form(world: World, name: str) -> None:
    """No form fails to be made, and each field has a label."""
    (answer,) = ask(world, ("GET", f"/partnerships/{world.key}/ask/{name}"), login="analyst.north")
    allowed = name in {item.method for item in world.partnership.agreement.data.computations_allowed}
    assert answer.status == (200 if allowed else 404)
    if allowed:
        assert all(f'name="setting.{field.name}"' in text_of(answer) for field in fields_of(name))


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"setting.formula": "y ~ nothing"}, "setting.formula", "no column"),
        ({"setting.formula": "y ~ ("}, "setting.formula", ""),
        ({"setting.errors": "guessed"}, "setting.errors", "none of its choices"),
        ({"title": ""}, "title", "has a title"),
        ({"requester": "Somebody Else"}, "requester", "no such person"),
        ({"purpose": "9"}, "purpose", "has a purpose"),
        ({"datasets": []}, "datasets", "over datasets"),
    ],
)  # fmt: skip
def test_what_is_wrong_stands_beside_its_field(world: World, changes: dict[str, Any], field: str, words: str) -> None:
    """The form comes back as it was filled in, with the method's own words at the field they are about."""
    form = {
        "title": "Kept title", "setting.formula": "y ~ x", "setting.site": "pooled", "setting.errors": "model",
        "purpose": "0", "release_level": "total", "requester": ANALYST, "datasets": ["data-north", "data-south"],
    }  # fmt: skip
    answer = send(world, "analyst.north", f"/partnerships/{world.key}/ask/linear", {**form, **changes})
    page = text_of(answer)
    assert answer.status == 422 and f'id="{field}-wrong"' in page and words in page
    assert "Kept title" in page or field == "title"


def test_numbers_that_are_none_are_refused_beside_their_field(world: World) -> None:
    """Words in a number's place."""
    form = {
        "title": "T", "setting.formula": "Surv(y, x) ~ 1", "setting.conf_type": "log", "setting.times": "soon",
        "purpose": "0", "release_level": "total", "requester": ANALYST, "datasets": ["data-north"],
    }  # fmt: skip
    answer = send(world, "analyst.north", f"/partnerships/{world.key}/ask/km", form)
    assert answer.status == 422 and 'id="setting.times-wrong"' in text_of(answer)


def test_a_study_goes_from_form_to_result_by_the_persons_own_signature(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """Form, verdicts, file, `summand portal sign`, sent back, decided by the sites, released: no key in the portal."""
    from summand.cli._portal import portal_app

    world = make_world()
    draft = make_draft(world, title="Asked in the browser")
    path = f"/drafts/{draft}"
    (page, file) = ask(world, ("GET", path), ("GET", f"{path}/file"), login="analyst.north")
    assert text_of(page).count("Would permit") == 3 and "What its sums reveal" in text_of(page)
    (hidden,) = ask(world, ("GET", path), login="data-steward.south")
    assert hidden.status == 404  # nobody else's before it is signed

    given, key = tmp_path / "to-sign.json", tmp_path / "analyst.pem"
    given.write_bytes(file.body)
    world.partnership.analyst_key.save(key)
    told = CliRunner().invoke(portal_app, ["sign", str(given), "--key", str(key)])
    assert told.exit_code == 0 and "title: Asked in the browser" in told.output
    answer = send(world, "analyst.north", path, {"signed": (tmp_path / "to-sign.signed.json").read_bytes()})
    assert answer.status == 303, text_of(answer)
    study = answer.headers["Location"].removeprefix("/portal/studies/")
    (open_page,) = ask(world, ("GET", f"/studies/{study}"), login="analyst.north")
    assert "Look again" in text_of(open_page) and "/portal/live.js" in text_of(open_page)
    (desk,) = ask(world, ("GET", "/desk"), login="data-steward.south")
    assert "Asked in the browser" in text_of(desk)
    network = world.federation.network
    witness, network.witness = network.witness, lambda: None
    world.deliver()
    (waits,) = ask(world, ("GET", f"/studies/{study}"), login="analyst.north")
    assert "waits for the ledger" in text_of(waits) and "Intercept" not in text_of(waits)
    network.witness = witness
    world.deliver()
    (done,) = ask(world, ("GET", f"/studies/{study}"), login="analyst.north")
    assert "Released" in text_of(done) and "Intercept" in text_of(done)
    again = send_again(world, path, (tmp_path / "to-sign.signed.json").read_bytes())
    assert again.status == 422 and "counts no more" in text_of(again)


def send_again(world: World, path: str, signed: bytes) -> Any:
    """Send a signed file to a draft that is over: its page has no form any more."""
    cookies = f"__Host-summand={world.session('analyst.north')}"
    (page,) = ask(world, ("GET", "/account"), cookies=cookies)
    (answer,) = ask(world, ("POST", path, {"csrf": token_in(page), "signed": signed}), cookies=cookies)
    return answer


def test_what_is_not_signed_by_whom_it_names_goes_nowhere(world: World) -> None:
    """Another's key, no signature, another draft's file, or no file: refused, and nothing reaches the hub."""
    draft, other = make_draft(world, title="Mine"), make_draft(world, title="Other")
    (file, wrong) = ask(
        world, ("GET", f"/drafts/{draft}/file"), ("GET", f"/drafts/{other}/file"), login="analyst.north"
    )
    envelope = Envelope.from_dict(parse(file.body))
    before = world.convener.log.size
    for signed in (
        dump(envelope.signed_by(PrivateKey.generate()).to_dict()),
        file.body,
        dump(Envelope.from_dict(parse(wrong.body)).signed_by(world.partnership.analyst_key).to_dict()),
        b"{}",
        b"\xff",
        b"",
    ):
        answer = send(world, "analyst.north", f"/drafts/{draft}", {"signed": signed})
        assert 400 <= answer.status < 500, signed[:40]
    assert world.convener.log.size == before


def test_a_foreseen_refusal_is_the_guards_own(world: World) -> None:
    """Reasons equal those that `decide` gives the same request signed; unsigned, `decide` never permits."""
    draft = make_draft(world)
    asked = world.portal.drafts.get(draft)
    value = parse(asked.payload)
    now = datetime.now(UTC)
    for change in (
        {},
        {"purpose": {"system": "EHDS53", "code": "54(b)", "text": "x"}},
        {"release_level": "site_level"},
    ):
        from summand.study import StudyRequest

        request = StudyRequest.from_dict({**value, **change})
        history = world.portal.partnerships.history(request.agreement_hash, whole=True)
        given = {"site": "north", "federation": world.convener.origin, "at": now}
        signed = SignedStudy.sign(request, world.partnership.analyst_key)
        decision = decide(signed, world.partnership.signed, history, **given)
        seen = foresee(unsigned_study(request), world.partnership.signed, history, **given)
        assert (seen.reasons + seen.waits_for) == decision.reasons
        assert not decide(unsigned_study(request), world.partnership.signed, history, **given).permitted


def test_a_study_that_needs_an_approval_waits_for_it(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """Signed, then approved by the steward's own key through the file, then it goes to the sites by itself."""
    rng = np.random.default_rng(8)
    tables = {name: {"y": rng.uniform(0, 1, 20), "x": rng.uniform(0, 1, 20)} for name in SITES}
    rule = {"role": "data_steward", "party": "any", "count": 1}
    made = Partnership.of(tables, {"y": (0, 1), "x": (0, 1)}, governance={"study_approvals": [rule]})
    world = make_world(partnership=made, runs=False)
    path = f"/drafts/{make_draft(world, title='Needs a yes')}"
    (page, file) = ask(world, ("GET", path), ("GET", f"{path}/file"), login="analyst.north")
    assert text_of(page).count("Would wait for approvals") == 3
    signed = Envelope.from_dict(parse(file.body)).signed_by(made.analyst_key)
    answer = send(world, "analyst.north", path, {"signed": dump(signed.to_dict())})
    assert answer.headers["Location"] == f"/portal{path}"
    (today,) = ask(world, ("GET", "/"), login="data-steward.south")
    assert "Approve it" in text_of(today)
    (given,) = ask(world, ("GET", f"{path}/file"), login="data-steward.north")
    approved = SignedStudy.from_dict(parse(given.body)).approved_by(STEWARD, made.steward_key)
    answer = send(world, "data-steward.north", path, {"signed": dump(approved.to_dict())})
    assert answer.headers["Location"].startswith("/portal/studies/")
    world.deliver()
    assert world.convener.show(approved.request.study_id)["status"] == "released"


def test_a_vote_counts_once_it_is_signed() -> None:
    """A motion and a vote are drafts until their signer's signature comes; then everybody's fold has them."""
    world = make_world()
    base = f"/partnerships/{world.key}/decisions"
    form = {"act": "vote.cast", "motion": world.motion, "vote": "yes", "reason": "It works.", "person": "north"}
    answer = send(world, "data-steward.north", base, form)
    path = answer.headers["Location"].removeprefix("/portal")
    (page, file) = ask(world, ("GET", path), ("GET", f"{path}/file"), login="data-steward.north")
    assert "Vote: yes" in text_of(page)
    (motion,) = ask(world, ("GET", f"{base}/{world.motion}"), login="analyst.south")
    assert "Nobody has voted yet" in text_of(motion)
    signed = Envelope.from_dict(parse(file.body)).signed_by(world.partnership.party_keys["north"])
    answer = send(world, "data-steward.north", path, {"signed": dump(signed.to_dict())})
    assert answer.status == 303
    entries = list(whole_entries(world.convener.log.entries()))
    now = datetime.now(UTC)
    state = governance_state([world.partnership.agreement], entries, now)
    assert [(ballot.party, ballot.vote) for ballot in state.motions[0].ballots] == [("north", "yes")]
    (motion,) = ask(world, ("GET", f"{base}/{world.motion}"), login="analyst.south")
    assert "It works." in text_of(motion)


@pytest.mark.parametrize(
    ("login", "form"),
    [
        ("data-steward.south", {"act": "vote.cast", "vote": "yes", "person": STEWARD}),  # another party's person
        ("data-steward.north", {"act": "vote.cast", "vote": "yes", "person": STEWARD}),  # a steward does not vote
        ("data-steward.north", {"act": "vote.cast", "vote": "maybe", "person": "north"}),
        ("data-steward.north", {"act": "vote.cast", "person": "north"}),
        ("data-steward.north", {"act": "recusal.declared", "reason": "", "person": "north"}),
    ],
)
def test_acts_that_could_not_count_are_not_made_ready(world: World, login: str, form: dict[str, str]) -> None:
    """A stranger's name, an unknown vote, an empty reason: said before anybody signs."""
    base = f"/partnerships/{world.key}/decisions"
    answer = send(world, login, base, {"motion": world.motion, **form})
    assert answer.status == 422, text_of(answer)
    unknown = send(world, "data-steward.north", base, {"act": "ledger.rewrite"})
    assert unknown.status == 404


def test_the_file_to_sign_is_only_ever_a_request_or_a_statement(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """`summand portal sign` signs no agreement, certificate or decision, whoever hands it the file."""
    from summand.cli import main

    key = tmp_path / "key.pem"
    PrivateKey.generate().save(key)
    for kind in ("application/vnd.summand.agreement+json", "application/vnd.summand.site-certificate+json", "x"):
        file = tmp_path / "file.json"
        file.write_text(json.dumps(Envelope(b"{}", kind, ()).to_dict()))
        assert main(["portal", "sign", str(file), "--key", str(key)]) == 2
        assert not (tmp_path / "file.signed.json").exists()


@pytest.mark.parametrize(("change", "words"), [
    ({"days": "3"}, "notice of 14 days"), ({"rule": "other:nobody"}, "No body decides"), ({"days": "x"}, "1 to 365"),
])  # fmt: skip
def test_a_motion_keeps_to_the_agreements_rules(world: World, change: dict[str, str], words: str) -> None:
    """Notice, topic and body are clause H's; else nothing is made ready."""
    form = {"act": "motion.opened", "title": "T", "rule": "amendment:steering", "days": "20", "person": STEWARD}
    base = f"/partnerships/{world.key}/decisions"
    assert send(world, "data-steward.north", base, form).status == 303
    answer = send(world, "data-steward.north", base, {**form, **change})
    assert answer.status == 422 and words in text_of(answer)


def test_accounts_by_the_command_line(tmp_path, capsys) -> None:  # type: ignore[no-untyped-def]
    """Add, list, lock, unlock and invite; the link opens the page that chooses a password."""
    from summand.cli import main
    from summand.hub._folder import HubFolder
    from summand.portal import open_accounts

    hub = tmp_path / "hub"
    HubFolder.create(hub, origin="x.example/log", hosts=["localhost"], port=8443)
    add = ["portal", "user", "add", str(hub), "ada", "--name", "Ada", "--organisation", "north", "--role", "analyst"]
    assert main([*add, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["link"].startswith("https://localhost:8443/portal/welcome/")
    assert main(add) == 18
    assert main(["portal", "user", "lock", str(hub), "ada"]) == 0
    capsys.readouterr()
    assert main(["portal", "user", "list", str(hub), "--json"]) == 0
    (listed,) = json.loads(capsys.readouterr().out)["accounts"]
    assert listed["is_active"] is False and listed["roles"] == ["analyst"]
    assert main(["portal", "user", "unlock", str(hub), "ada"]) == 0
    capsys.readouterr()
    assert main(["portal", "user", "invite", str(hub), "ada"]) == 0
    secret = capsys.readouterr().out.strip().rsplit("/", 1)[1]
    with open_accounts(hub) as accounts:
        assert accounts.invited(secret).login == "ada"
        assert accounts.invited(told["link"].rsplit("/", 1)[1]) is None
    assert (hub / "portal.sqlite").stat().st_mode & 0o077 == 0

"""How a site joins a study: it decides, then sets up pair keys with the other sites."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from summand.encoding import dump, from_base64, parse, to_base64
from summand.errors import (
    DataError,
    PeerProtocolError,
    Refusal,
    SetupInvalid,
    SignatureInvalid,
    StrangerRefused,
    SummandError,
)
from summand.guard import decide
from summand.securesum import PairSetup, stand_in
from summand.signing import Envelope, PublicKey, seal
from summand.site import _audit, _noise
from summand.site._store import StudyMemory
from summand.study import Certificate, Plan, Program, SignedStudy
from summand.study.messages import COHORT_DOMAIN, DECISION_TYPE, join_stand_in
from summand.transport import Message, read_message

if TYPE_CHECKING:
    from summand.site._agent import Agent


def request(agent: Agent, message: Message) -> tuple[StudyMemory, bytes | None]:
    """Decide on a request; with a permit goes this site's key record."""
    study = SignedStudy.from_dict(parse(message.body, "study request"))
    if study.request.study_id != message.study:
        raise PeerProtocolError("A request came under another study's identifier.", remedy="Send it again.")
    refusal: SummandError | None = None
    verdict: dict[str, Any] = {}
    keys: dict[str, str] = {}
    record = b""
    setup: PairSetup | None = None
    try:
        verdict = _decision(agent, study)
        if verdict["decision"] == "permit":
            plan = Plan.of(study, agent.agreement(study.request.agreement_hash).agreement)
            _check_rows(agent, plan)
            _noise.require_private(agent, plan)
            keys = {site: key.text for site, key in site_keys(agent, plan).items()}
            setup = PairSetup(agent.site, plan.agreement_hash, plan.epoch, _public(keys))
            record = setup.key_record()
    except SummandError as error:
        refusal = error
    if refusal is not None:
        reason = {**refusal.to_public_dict(), "site": agent.site}
        verdict = {**_bare(agent, study), "decision": "refuse", "reasons": [reason]}
    permitted = verdict["decision"] == "permit"
    body = dump(
        {
            "decision": seal(DECISION_TYPE, verdict, agent.key).to_dict(),
            "reasons": verdict.get("reasons", []),
            "key_record": to_base64(record),
        }
    )
    memory = StudyMemory(
        study.request.study_id, "joined" if permitted else "over", dump(study.to_dict()), keys,
        setup=None if setup is None else setup.to_bytes(),
    )  # fmt: skip
    return memory, agent.sign("site.decision", message.study, 0, body, permitted=permitted)


def _decision(agent: Agent, study: SignedStudy) -> dict[str, Any]:
    signed = agent.agreement(study.request.agreement_hash)
    agent.stop.require_running(signed.agreement.hash)
    decision = decide(
        study, signed, agent.history(), site=agent.party, dataset=agent.dataset, at=agent.now(), federation=agent.origin,
        allow_trial=agent.allow_trial, releases=_audit.releases(agent, study),
        spent=_noise.spent(agent, study, signed.agreement),
    )  # fmt: skip
    return decision.to_dict()


def _bare(agent: Agent, study: SignedStudy) -> dict[str, Any]:
    return {
        "study": study.request.study_id, "request_hash": study.hash, "site": agent.site,
        "agreement_hash": study.request.agreement_hash, "decided_at": agent.now().isoformat(timespec="seconds"),
    }  # fmt: skip


def _check_rows(agent: Agent, plan: Plan) -> None:
    """Refuse where the site's own rows are not what the dictionary says; the details stay here."""
    source = agent.source(Program(plan))
    report = source.check(plan.method.columns)
    report.raise_if_failed()
    most = plan.rows_max[agent.site]
    rows = report.rows
    if rows > most:
        raise DataError(
            f"The file holds {rows} rows; the agreement says at most {most}.",
            clause="D.datasets.rows_max",
            remedy="Amend rows_max in the agreement: every sum's bound rests on it.",
            public=f"The data of {agent.site} exceed the agreement's rows_max.",
        )


def site_keys(agent: Agent, plan: Plan) -> dict[str, PublicKey]:
    """Every site's certified service key, as this site's own replica of the ledger has it.

    Raises:
        StrangerRefused: if a site has no valid certificate there.
    """
    agreement = agent.agreement(plan.request.agreement_hash).agreement
    found: dict[str, Certificate] = {}
    for recorded in agent.history().of_type("site.certified"):
        name, party = str(recorded.get("site", "")), str(recorded.get("party", ""))
        if plan.party_of.get(name) != party:
            continue
        try:
            envelope = Envelope.from_dict(recorded.get("envelope"))
            party_key = PublicKey.from_text(agreement.party(party).key)
            certificate = Certificate.read(envelope, name, party, party_key, agent.now())
        except SummandError:
            continue
        if name not in found or certificate.valid_from >= found[name].valid_from:
            found[name] = certificate  # the newest: an old one that is shown again takes nobody's place
    missing = [site for site in plan.sites if site not in found]
    if missing:
        raise StrangerRefused(
            f"The ledger holds no valid certificate of the site(s) {', '.join(missing)}.",
            remedy="Those organisations run 'summand site init' with their own key, then 'summand site serve'.",
        )
    return {site: certificate.key for site, certificate in found.items()}


def _public(keys: dict[str, str]) -> dict[str, PublicKey]:
    return {site: PublicKey.from_text(text) for site, text in keys.items()}


def records(agent: Agent, message: Message) -> tuple[StudyMemory, bytes | None]:
    """Check the permits and key records of this site's neighbours, then seal a seed for each of them.

    Up to 64 sites all others are neighbours. Whether a site further off permitted is its own affair: without its keys it
    takes no part, and a cohort that differs at any site gives masks that do not cancel.
    """
    memory = agent.memory(message)
    cohort, keys = agent.cohort(memory), _public(memory.site_keys)
    stored = parse(message.body, "key records")
    around = (agent.site, *cohort.neighbours(agent.site))
    if not isinstance(stored, dict) or set(stored) != set(around) or memory.setup is None:
        raise SetupInvalid("The key records are not those of the study's sites.", remedy="Start the study again.")
    found = {site: _record_of(stored[site], site, keys[site], message.study, agent.origin) for site in around}
    setup = PairSetup.from_bytes(memory.setup)
    boxes = setup.seal_to(found)
    signature = agent.key.sign(COHORT_DOMAIN + cohort.digest())
    memory.setup = setup.to_bytes()
    body = dump({"boxes": {site: to_base64(box) for site, box in boxes.items()}, "signature": to_base64(signature)})
    return memory, agent.sign("site.seal", message.study, message.round, body)


def _record_of(stored: Any, site: str, key: PublicKey, study: str, origin: str) -> bytes:
    joined = read_message(from_base64(str(stored), "decision message"))
    joined.verify(key, origin)
    if (joined.kind, joined.sender, joined.study) != ("site.decision", site, study):
        raise SetupInvalid("A key record is not from the site it is said to be from.", remedy="Start the study again.")
    if joined.header.get("permitted") is not True:
        raise Refusal(f"{site} did not permit the study.", remedy="Ask without that site's dataset.")
    body = parse(joined.body, "decision")
    return from_base64(str(body.get("key_record") if isinstance(body, dict) else None), "key record")


def sealed(agent: Agent, message: Message) -> tuple[StudyMemory, bytes | None]:
    """Check that every neighbour signed the same cohort, derive the pair keys, and leave a stand-in for round zero."""
    memory = agent.memory(message)
    cohort = agent.cohort(memory)
    fields = parse(message.body, "sealed seeds")
    if (
        not isinstance(fields, dict)
        or set(fields) != {"boxes", "signatures"}
        or not all(isinstance(part, dict) for part in fields.values())
        or memory.setup is None
    ):
        raise SetupInvalid("The sealed seeds are malformed.", remedy="Start the study again.")
    for site in (agent.site, *cohort.neighbours(agent.site)):
        key = cohort.identity_keys[cohort.index(site)]
        try:
            key.verify(from_base64(str(fields["signatures"].get(site)), "signature"), COHORT_DOMAIN + cohort.digest())
        except (SignatureInvalid, PeerProtocolError):
            raise SetupInvalid(
                f"{site} did not sign the same list of sites, keys and threshold as this site.",
                remedy="The study ends: the hub told sites different things, or a certificate changed. Start it again.",
            ) from None
    neighbours = cohort.neighbours(agent.site)
    boxes = {peer: from_base64(str(fields["boxes"].get(peer)), "box") for peer in neighbours}
    keys = PairSetup.from_bytes(memory.setup).finish(boxes)
    memory.keys, memory.setup, memory.status = keys.to_bytes(), None, "running"
    left = join_stand_in(stand_in(keys, cohort, agent.site, 0), neighbours)
    return memory, agent.sign("site.ready", message.study, message.round, left)

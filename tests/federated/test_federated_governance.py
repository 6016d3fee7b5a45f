"""Governance over a real ledger: a motion's approvals open a study, a holder's veto closes its own site."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from summand.errors import ApprovalMissing, HolderVeto, StrangerRefused
from summand.federation import Desk
from summand.governance import approved_study, governance_state
from summand.signing import PrivateKey
from summand.testing.federations import ANALYST, STEWARD, Partnership

SITES = ("north", "south", "west")
METHOD = {"name": "linear", "formula": "y ~ x"}


@pytest.fixture
def partnership():
    """Three parties whose studies need a data steward's approval."""
    rng = np.random.default_rng(3)
    tables = {name: {"x": rng.uniform(0, 1, 9), "y": rng.uniform(0, 1, 9)} for name in SITES}
    needed = [{"role": "data_steward", "party": "any", "count": 1}]
    return Partnership.of(tables, {"x": (0, 1), "y": (0, 1)}, governance={"study_approvals": needed})


def desks(partnership, federation):
    """A desk for each party and for the steward, over the federation's own ledger."""
    keys = {**partnership.party_keys, STEWARD: partnership.steward_key, ANALYST: partnership.analyst_key}
    return {name: Desk(federation.network, [partnership.agreement], name, key) for name, key in keys.items()}


def test_a_carried_motion_opens_the_study_that_the_guards_refused(partnership):
    """Refused without approvals; the motion's votes carry one; the guards permit the very same request."""
    with partnership.federation() as federation:
        at = desks(partnership, federation)
        with pytest.raises(ApprovalMissing):
            federation.run(METHOD)
        asked = federation.request(METHOD)
        now = datetime.now(UTC)
        at["north"].act(
            "motion.opened", id="m", body="steering", topic="study", title="The study", subject="study",
            subject_hash=asked.hash, datasets=list(asked.request.datasets),
            closes_at=(now + timedelta(days=20)).isoformat(timespec="seconds"),
        )  # fmt: skip
        at["north"].act(
            "delegation.given", to=STEWARD, body="steering", until=(now + timedelta(days=9)).date().isoformat()
        )
        approval = asked.approved_by(STEWARD, partnership.steward_key).approvals[0].to_dict()
        at[STEWARD].act("vote.cast", motion="m", vote="yes", approval=approval)
        for name in ("south", "west"):
            at[name].act("vote.cast", motion="m", vote="yes")
        at["north"].act("motion.closed", motion="m")
        later = now + timedelta(minutes=1)
        state = at["south"].governance(later)
        assert (state.motion("m").outcome, state.ignored) == ("carried", ())
        study = federation.network.submit(approved_study(state, "m", asked))
        assert federation.result(study).to_dict()["sites"] == 3


def test_a_veto_closes_the_holder_s_own_site_and_no_other(partnership):
    """The holder's guard refuses with clause H; a veto by somebody who may not, or over others' data, closes nothing."""
    with partnership.federation() as federation:
        at = desks(partnership, federation)

        def submit(*vetoes):
            asked = federation.request(METHOD).approved_by(STEWARD, partnership.steward_key)
            for who, datasets in vetoes:
                at[who].act("veto.cast", datasets=datasets, reason="no", request_hash=asked.hash)
            return federation.network.submit(asked)

        with pytest.raises(HolderVeto) as refused:
            federation.result(submit(("south", ["data-south"])))
        assert refused.value.clause == "H.holder_veto"
        assert [item["site"] for item in refused.value.refusals] == ["south"]
        with pytest.raises(HolderVeto):
            federation.result(submit((STEWARD, ["data-north"])))
        study = submit(("south", ["data-north"]), (ANALYST, ["data-north"]))
        assert federation.result(study).to_dict()["sites"] == 3


def test_a_spoiled_veto_still_vetoes(partnership):
    """Who writes the ledger cannot undo a veto by breaking its signature."""
    with partnership.federation() as federation:
        convener = federation.network.convener
        at = desks(partnership, federation)
        asked = federation.request(METHOD).approved_by(STEWARD, partnership.steward_key)
        at["south"].act("veto.cast", datasets=["data-south"], reason="no", request_hash=asked.hash)
        leaf, entry = next(item for item in at["south"].entries() if item[1]["type"] == "governance.act")
        assert leaf > 0
        spoiled = {**entry, "envelope": {**entry["envelope"], "signatures": []}}
        with convener.store.transaction() as tx:
            from summand.encoding import canonical

            convener.record(tx, "spoiled", canonical(spoiled))
        second = federation.request(METHOD).approved_by(STEWARD, partnership.steward_key)
        assert federation.result(federation.network.submit(second)).to_dict()["sites"] == 3
        with pytest.raises(HolderVeto):
            federation.result(federation.network.submit(asked))
        state = governance_state(
            [partnership.agreement], at["south"].entries(), datetime.now(UTC) + timedelta(minutes=1)
        )
        assert [item.party for item in state.vetoed] == ["south"]
        assert len(state.ignored) == 1


def test_the_hub_takes_no_act_of_a_stranger(partnership):
    """A name that the agreement does not have."""
    with partnership.federation() as federation:
        desk = Desk(federation.network, [partnership.agreement], "nobody", PrivateKey.generate())
        with pytest.raises(StrangerRefused):
            desk.act("presence.declared", motion="m")

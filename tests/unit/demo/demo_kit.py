"""Demonstrations in one process for tests: the same guard, masks and ledger, messages handed over instead of sent."""

from __future__ import annotations

import dataclasses
import functools
import tempfile
from datetime import date
from pathlib import Path

from shared_files import shared_data
from summand.demo._case import Keys
from summand.demo._conduct import Conduct
from summand.demo._heart import HOSPITALS, heart_case
from summand.demo._lung import _agreement, lung_case
from summand.demo._network import ReplicaCheck, SiteCheck
from summand.demo._reference import Reference
from summand.demo._run import sign_by_all
from summand.encoding import parse
from summand.federation import Federation

INSTITUTIONS = ("institution-01", "institution-03", "institution-12", "institution-13", "institution-33")


def small_lung():
    """The lung demonstration with five of its institutions, one of them with two patients."""
    full = lung_case()
    sites = tuple(site for site in full.sites if site.party in INSTITUTIONS)
    keys = Keys.generate(tuple(site.party for site in sites))
    return keys, dataclasses.replace(full, sites=sites, agreement=_agreement(sites, keys, date.today()))


class MemoryDemo:
    """A demonstration's network in memory."""

    url, process_count = "memory", 1

    def __init__(self, case, keys, signed, folder):
        paths = {}
        for site in case.sites:
            paths[site.party] = folder / f"{site.party}.csv"
            paths[site.party].write_bytes(site.to_csv())
        self.asker = Federation.in_memory(
            paths, agreement=signed, keys=keys.parties, analyst=(case.analyst, keys.analyst)
        )
        self.parties = tuple(site.party for site in case.sites)

    def data_checks(self):
        """In memory the sources are checked when they are opened: what is here passed."""
        return tuple(SiteCheck(party, True) for party in self.parties)

    def leaf_index(self, result):
        """The place of the result's hash in the hub's log."""
        for index, entry in enumerate(self.asker.network.convener.log.entries()):
            if parse(entry).get("result_sha256") == result.result_hash:
                return index
        return -1

    def replica_checks(self):
        """Each agent's replica, verified."""
        found = []
        for party, agent in self.asker.network.agents.items():
            report = agent.replica.verify()
            types = tuple(parse(entry)["type"] for entry in agent.replica.entries())
            found.append(ReplicaCheck(party, report.leaf_count, report.root_hash.hex(), types))
        return tuple(found)

    def close(self):
        """Let go."""
        self.asker.close()


class Watcher:
    """An audience that remembers."""

    def __init__(self):
        self.steps, self.parts = [], {}

    def step(self, text):
        """Remember a step."""
        self.steps.append(text)

    def show(self, part, value):
        """Remember a part."""
        self.parts[part] = value


class CheckedReference:
    """The real reference process, behind a check that every result it is asked about stands in the ledger already."""

    def __init__(self, reference, network):
        self.reference, self.network, self.asked = reference, network, []

    def fit(self, name, *, leaf_index):
        """Look the leaf up before the fit."""
        entry = parse(self.network.asker.network.convener.log.entry(leaf_index))
        self.asked.append((name, entry["type"]))
        return self.reference.fit(name, leaf_index=leaf_index)


def conducted(keys, case, folder):
    """The document of a demonstration, with its audience and its reference."""
    signed = sign_by_all(case, keys)
    network, watcher = MemoryDemo(case, keys, signed, folder), Watcher()
    try:
        with Reference(case) as reference:
            checked = CheckedReference(reference, network)
            document = Conduct(case, signed, network, checked, watcher).run()
    finally:
        network.close()
    return document, watcher, checked


@functools.cache
def recorded(which):
    """The ``lung`` demonstration with five institutions, or ``heart``: run once in memory for all tests."""
    with tempfile.TemporaryDirectory() as folder:
        if which == "lung":
            return conducted(*small_lung(), Path(folder))
        keys = Keys.generate(tuple(HOSPITALS))
        return conducted(keys, heart_case(shared_data("heart"), keys), Path(folder))

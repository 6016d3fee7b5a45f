"""A federation of real processes on loopback, for benchmarks."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from summand.agreement import SignedAgreement, complete_example, sign
from summand.federation import Federation
from summand.federation._remote import RemoteNetwork
from summand.hub._folder import HubFolder
from summand.signing import PrivateKey
from summand.site._folder import DataFile, SiteFolder
from summand.transport import HubClient

HUB = (sys.executable, "-m", "summand", "hub", "serve")
SITE = (sys.executable, "-m", "summand", "site", "serve")


@dataclass
class Served:
    """A running federation."""

    federation: Federation
    folder: Path


@contextlib.contextmanager
def served(
    files: Mapping[str, Path],
    schema: Mapping[str, Any],
    *,
    rows_max: int,
    hub: tuple[str, ...] = HUB,
    site: tuple[str, ...] = SITE,
    port: int = 18553,
    **environment: str,
) -> Iterator[Served]:
    """One hub and a site process for each file, under a signed agreement with profile public_data."""
    env = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", **environment}
    keys = {name: PrivateKey.generate() for name in files}
    analyst = PrivateKey.generate()
    source = {"source": "simulated for this benchmark", "licence": "none needed"}
    agreement = complete_example(
        [{"id": name, "key": key.public.text} for name, key in keys.items()],
        dictionaries={"bench": schema},
        datasets=[{"id": f"data-{name}", "holder": name, "rows_max": rows_max, **source} for name in files],
        people=[{"name": "Bench", "party": next(iter(files)), "role": "analyst", "key": analyst.public.text}],
        profile="public_data",
    )
    envelope = None
    for name, key in keys.items():
        envelope = sign(agreement, name, key, envelope)
    signed = SignedAgreement(agreement, envelope)
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        made = HubFolder.create(folder / "hub", origin="bench.example/federation", hosts=["127.0.0.1"], port=port)
        description = made.federation()
        _start(stack, (*hub, str(folder / "hub")), env)
        client = HubClient(description, analyst)
        client.put(f"/v1/agreements/{agreement.hash}", signed.to_bytes())
        for party, path in files.items():
            place = SiteFolder.create(
                folder / party, party=party, party_key=keys[party], federation=description,
                fingerprint=description.fingerprint, files={f"data-{party}": DataFile(str(path))},
            )  # fmt: skip
            place.accept(signed)
            _start(stack, (*site, str(folder / party)), env)
        yield Served(Federation(RemoteNetwork(client), agreement, "Bench", analyst), folder)


def _start(stack: contextlib.ExitStack, command: tuple[str, ...], env: dict[str, str]) -> None:
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=env, text=True)
    stack.callback(_stop, process)
    assert process.stdout is not None
    if not process.stdout.readline():
        raise RuntimeError(f"{' '.join(command[:5])} did not start")


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    process.wait(timeout=10)

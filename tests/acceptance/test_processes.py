"""A hub and four hospitals as real processes over HTTPS: the pooled fit, and nobody sees what is not theirs."""

from __future__ import annotations

import csv
import http.client
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from process_federation import ProcessFederation
from shared_files import lacking, shared_data
from summand.demo._heart import COLUMNS, HOSPITALS, heart_dictionary, read_hospital
from summand.errors import PurposeNotPermitted, StrangerRefused
from summand.signing import PrivateKey
from summand.testing.federations import Partnership
from summand.transport import HubClient, sign_read

pytestmark = [pytest.mark.processes, pytest.mark.timeout(180)]
FORMULA = "num > 0 ~ age + sex + C(cp) + trestbps + thalach + exang + oldpeak"


def write_rows(path: Path, rows) -> None:
    """One hospital's rows as a CSV file."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="module")
def hospitals():
    """The four hospitals' published rows."""
    folder = shared_data("heart")
    return {party: read_hospital(folder, party) for party in HOSPITALS}


@pytest.fixture(scope="module")
def served(hospitals, tmp_path_factory):
    """Hub and four sites, serving."""
    made = Partnership.of(hospitals, heart_dictionary(), profile="institutional", rows_max=1000)
    federation = ProcessFederation(tmp_path_factory.mktemp("processes"), made, write_rows)
    yield federation
    federation.close()


@pytest.fixture(scope="module")
def logistic(served):
    """The released logistic regression with one intercept per hospital."""
    return served.federation.run({"name": "logistic", "formula": FORMULA, "site": "fixed"})


def pooled_fit(hospitals):
    """Statsmodels' fit with a dummy variable for each hospital, on all complete cases."""
    import pandas as pd
    import statsmodels.api as sm

    table = pd.concat([pd.DataFrame(rows).assign(hospital=party) for party, rows in hospitals.items()])
    used = ["num", "age", "sex", "cp", "trestbps", "thalach", "exang", "oldpeak"]
    table[used] = table[used].apply(lambda column: pd.to_numeric(column.replace("?", np.nan)))
    table = table.dropna(subset=used)
    design = {"age": table["age"], "sex": table["sex"]}
    design |= {f"cp[T.{level}]": (table["cp"] == level).astype(float) for level in (2, 3, 4)}
    design |= {name: table[name] for name in ("trestbps", "thalach", "exang", "oldpeak")}
    design |= {party: (table["hospital"] == party).astype(float) for party in hospitals}
    fit = sm.Logit((table["num"] > 0).astype(float), pd.DataFrame(design)).fit(disp=0, tol=1e-14, maxiter=200)
    return fit, len(table)


def test_logistic_regression_equals_the_fit_with_dummy_variables(logistic, hospitals) -> None:
    """Coefficients and standard errors of the federated fit equal statsmodels' with dummies to 1e-8."""
    fit, rows = pooled_fit(hospitals)
    values = logistic.to_dict()
    assert (values["n"], values["sites"]) == (rows, 4) == (854, 4)
    assert values["converged"]
    for row in values["terms"]:
        np.testing.assert_allclose(row["estimate"], fit.params[row["term"]], rtol=1e-8)
        np.testing.assert_allclose(row["std_error"], fit.bse[row["term"]], rtol=1e-8)


def test_a_forbidden_purpose_is_refused_over_the_wire_too(served) -> None:
    """The refusal travels as its own class, with its clause."""
    with pytest.raises(PurposeNotPermitted) as refused:
        served.federation.run(
            {"name": "describe", "columns": ["age"]}, purpose={"system": "EHDS53", "code": "53(1)(a)", "text": "x"}
        )
    assert refused.value.clause == "C.purposes"


def need_proc() -> None:
    """Skip, and say so in the list of what this machine lacks, where the kernel shows no process files."""
    if not Path("/proc/self/net/tcp").exists():
        lacking("proc", "/proc is not here")


def open_files(pid: int) -> set[str]:
    """Paths of every file that a process has open or mapped."""
    found = set()
    for handle in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.add(str(handle.readlink()))
        except FileNotFoundError:
            continue
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        fields = line.split(maxsplit=5)
        if len(fields) == 6:
            found.add(fields[5])
    return {path for path in found if path.startswith("/")}


def test_each_site_has_open_only_files_of_its_own_folder(served, logistic) -> None:
    """After a study, a site's process holds files of its own folder, of the system and of Python, and no others."""
    need_proc()
    for site in HOSPITALS:
        own = str(served.root / site)
        of_federation = {path for path in open_files(served.pid(site)) if path.startswith(str(served.root))}
        # its log is opened by whoever starts it, as a service manager would
        others = {path for path in of_federation if not path.startswith(f"{own}/") and path != f"{own}.log"}
        assert others == set()
        assert any(path.startswith(f"{own}/") for path in of_federation)
        shared = str(shared_data("heart"))
        assert not any(path.startswith(shared) for path in open_files(served.pid(site)))


def sockets_of(pid: int) -> list[tuple[str, int, str]]:
    """(local address, remote port, state) of every TCP socket of a process."""
    inodes = set()
    for handle in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(handle.readlink())
        except FileNotFoundError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[9] in inodes:
                found.append((fields[1], int(fields[2].split(":")[1], 16), fields[3]))
    return found


def test_sites_only_connect_outwards_to_the_hub(served, logistic) -> None:
    """No site listens; its one connection is to the hub's port. The hub listens on one."""
    need_proc()
    listening = "0A"
    port = int(served.description.url.rsplit(":", 1)[1])
    for site in HOSPITALS:
        sockets = sockets_of(served.pid(site))
        assert [state for _, _, state in sockets if state == listening] == []
        assert {remote for _, remote, _ in sockets} <= {port}
    ours = [local for local, _, state in sockets_of(served.pid("hub")) if state == listening]
    assert [int(local.split(":")[1], 16) for local in ours] == [port]


def connect(served, context: ssl.SSLContext) -> str | None:
    """The TLS version that a connection to the hub gets."""
    port = int(served.description.url.rsplit(":", 1)[1])
    with (
        socket.create_connection(("localhost", port), timeout=10) as raw,
        context.wrap_socket(raw, server_hostname="localhost") as wrapped,
    ):
        wrapped.sendall(b"GET /v1/federation HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert wrapped.recv(64).startswith(b"HTTP/1.1 200")
        return wrapped.version()


def test_only_tls_1_3_is_spoken(served) -> None:
    """A client that offers TLS 1.2 at most is refused; one that offers 1.3 is served."""
    context = ssl.create_default_context(cadata=served.description.ca_pem)
    assert connect(served, context) == "TLSv1.3"
    old = ssl.create_default_context(cadata=served.description.ca_pem)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises((ssl.SSLError, ConnectionError)):
        connect(served, old)


def test_plain_http_gets_nothing(served) -> None:
    """A connection without TLS gets no answer of the hub's."""
    port = int(served.description.url.rsplit(":", 1)[1])
    connection = http.client.HTTPConnection("localhost", port, timeout=5)
    with pytest.raises((http.client.HTTPException, OSError)):
        connection.request("GET", "/v1/federation")
        connection.getresponse()
    connection.close()


def ask(served, path: str, headers: dict[str, str]) -> int:
    """The status of one GET with these headers."""
    context = ssl.create_default_context(cadata=served.description.ca_pem)
    port = int(served.description.url.rsplit(":", 1)[1])
    connection = http.client.HTTPSConnection("localhost", port, context=context, timeout=10)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def test_a_signed_reading_counts_once(served) -> None:
    """A signed GET answers; the same again, or for another path, or by a stranger, or long ago, or unsigned, is refused."""
    key, origin = served.partnership.analyst_key, served.description.origin
    headers = sign_read("/v1/studies", key, origin, time.time())
    assert ask(served, "/v1/studies", headers) == 200
    assert ask(served, "/v1/studies", headers) == 403
    assert ask(served, "/v1/agreements", sign_read("/v1/studies", key, origin, time.time())) == 403
    assert ask(served, "/v1/studies", sign_read("/v1/studies", PrivateKey.generate(), origin, time.time())) == 403
    assert ask(served, "/v1/studies", sign_read("/v1/studies", key, origin, time.time() - 3600)) == 403
    assert ask(served, "/v1/studies", sign_read("/v1/studies", key, "elsewhere.example", time.time())) == 403
    assert ask(served, "/v1/studies", {}) == 403
    odd = {**sign_read("/v1/studies", key, origin, time.time()), "Summand-Time": "²"}
    assert ask(served, "/v1/studies", odd) in (400, 403)


def test_an_inbox_is_its_sites_alone(served) -> None:
    """The analyst, who may read studies, may not read a site's inbox."""
    with pytest.raises(StrangerRefused):
        served.client.get("/v1/inbox/cleveland?after=0")


@pytest.mark.parametrize("query", ["size=%C2%B2", "size=-1", "size=9" * 2, "size=x"], ids=range(4))
def test_odd_queries_get_an_error_of_the_tree(served, query: str) -> None:
    """Whatever stands in an address is answered with a JSON error, never with a traceback."""
    path = f"/v1/ledger?{query}"
    headers = sign_read(path, served.partnership.analyst_key, served.description.origin, time.time())
    assert ask(served, path, headers) in (400, 403, 422)


def test_bodies_over_the_limit_are_refused(served) -> None:
    """A document of 9 MB is refused with transport.body_too_large; a message to a study that is not, before it is read."""
    client = HubClient(served.description)
    from summand.errors import BodyTooLarge, UsageError

    with pytest.raises(BodyTooLarge):
        client.put("/v1/certificates/cleveland", b"x" * (9 << 20))
    client.close()
    with pytest.raises(UsageError):
        client.put(f"/v1/studies/{'0' * 32}/round.upload/0/cleveland", b"x" * 100)
    client.close()


def test_the_ledger_is_verified_from_each_replica_with_the_hub_dead(served, logistic) -> None:
    """The hub is killed: each site's replica verifies from its files, by the command too, and holds the result's hash."""
    time.sleep(0.5)  # the sites fetch the last checkpoint when they hear that a study ended
    served.kill("hub")
    size = len(served.entries())
    for site in HOSPITALS:
        entries = served.entries(site)
        assert len(entries) >= size - 4
        hashes = [entry["result_sha256"] for entry in entries if entry["type"] == "study.released"]
        assert logistic.to_dict()["result_sha256"] in hashes
    checked = subprocess.run(
        [
            sys.executable, "-m", "summand", "ledger", "verify", str(served.root / "cleveland"),
            "--federation", str(served.root / "hub" / "federation.json"),
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stderr

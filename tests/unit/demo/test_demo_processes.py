"""Real processes: started, confined to their folders, and ended whatever happens."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shared_files import shared_data
from summand.demo._children import Children
from summand.demo._run import open_case, sign_by_all
from summand.demo._served import ServedNetwork
from summand.errors import SiteUnreachable, UsageError


def is_running(process_id):
    """Whether a process exists and is no zombie."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process_id}/status").read_text()
    except OSError:
        return False


def test_demo_unknown_demonstration_is_named(tmp_path):
    """A wrong name, and a folder where none is used, are usage errors that say what there is."""
    with pytest.raises(UsageError, match="lung, heart"):
        open_case("liver", None)
    with pytest.raises(UsageError, match="--data"):
        open_case("lung", tmp_path)


def test_demo_child_that_ends_is_named_with_its_last_line(tmp_path):
    """A process that ends before it is ready gives an error with what it said."""
    children = Children()
    try:
        log = tmp_path / "log"
        children.start("the hub", "summand", ["hub", "serve", str(tmp_path / "nowhere")], log)
        with pytest.raises(SiteUnreachable, match=r"the hub ended with exit code 2.*not a hub's folder"):
            children.wait_for_line({"the hub": log}, "answers at")
    finally:
        children.close()


def test_demo_site_that_ends_takes_the_others_along(tmp_path):
    """If one of the forked sites ends, their parent says which and ends all, and so does the demonstration."""
    children = Children()
    try:
        parent = children.start("the sites", "summand.demo.sites", [], tmp_path / "log")
        folders = [str(tmp_path / "north"), str(tmp_path / "south")]
        children.tell(parent, {"logs": str(tmp_path), "folders": folders})
        with pytest.raises(SiteUnreachable, match=r"It said: Site (north|south) ended with exit code 2"):
            children.wait_for_line({"north": tmp_path / "north.log"}, "is connected")
        assert "is not a site's folder" in (tmp_path / "north.log").read_text()
    finally:
        children.close()


def test_demo_sites_end_with_the_demonstration(tmp_path):
    """When the demonstration is gone, even without a word, its standard input ends and the sites' parent follows."""
    children = Children()
    parent = children.start("the sites", "summand.demo.sites", [], tmp_path / "log")
    parent.process.stdin.close()
    assert parent.process.wait(timeout=30) == 0
    children.close()


def test_demo_children_are_ended_even_if_they_do_not_listen(tmp_path, monkeypatch):
    """What ignores the first signal is killed."""
    monkeypatch.setattr("summand.demo._children.END_TIMEOUT_SECONDS", 0.3)
    children = Children()
    child = children.start("deaf", "summand", ["--version"], tmp_path / "log")
    child.process.wait()
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    deaf = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert deaf.stdout.readline() == b"up\n"
    deaf.stdout.close()
    child.process.stdin.close()
    object.__setattr__(child, "process", deaf)
    children.close()
    assert not is_running(deaf.pid)


@pytest.mark.processes
def test_demo_processes_read_only_their_own_folders_and_leave_nothing_behind(tmp_path):
    """Five processes over HTTPS: a site has open nothing of another's folder; a result is in the ledger; all end."""
    keys, case = open_case("heart", shared_data("heart"))
    folder = tmp_path / "federation"
    network = ServedNetwork(case, keys, sign_by_all(case, keys), folder)
    try:
        processes = [child.process.pid for child in network._children._children]
        site_processes = {}
        for process_id in _children_of(processes[1]):
            log = Path(f"/proc/{process_id}/fd/1").readlink()
            site_processes[log.stem] = process_id
        process_ids = [*processes, *site_processes.values()]
        assert set(site_processes) == {site.party for site in case.sites}
        assert network.process_count == 5
        assert network.url.startswith("https://127.0.0.1:")
        assert network.portal_url.startswith(network.url)
        result = network.asker.run({"name": "describe", "columns": ["age"]})
        assert result.to_dict()["n"] == 920
        assert network.leaf_index(result) > 0
        for party, process_id in site_processes.items():
            opened = [os.path.realpath(link) for link in Path(f"/proc/{process_id}/fd").iterdir()]
            inside = {path for path in opened if path.startswith(str(folder))}
            own = (str(folder / "sites" / party), str(folder / "logs" / f"{party}.log"))
            assert {path for path in inside if not path.startswith(own)} == set()
        checks = network.replica_checks()
        assert len({(check.leaves, check.root_hash) for check in checks}) == 1
        assert all(check.passed for check in network.data_checks())
    finally:
        network.close()
    assert not any(is_running(process_id) for process_id in process_ids)


@pytest.mark.processes
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_demo_interrupted_leaves_no_process(tmp_path, number):
    """Ctrl-C or a termination in the middle ends hub, sites and reference too."""
    code = (
        "import sys; from pathlib import Path; from summand.demo import run_demo\n"
        "run_demo('heart', out=Path(sys.argv[1]), data=Path(sys.argv[2]))"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "out"), str(shared_data("heart"))],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while len(children := _family_of(run.pid)) < 7 and time.monotonic() < deadline and run.poll() is None:
            time.sleep(0.05)
        assert len(children) >= 7  # the hub, the reference, the sites' parent and four sites
        run.send_signal(number)
        assert run.wait(timeout=30) != 0
    finally:
        run.kill()
        run.wait()
    deadline = time.monotonic() + 5
    while any(is_running(child) for child in children) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(is_running(child) for child in children)


def _children_of(process_id):
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == process_id:
            found.append(int(path.parent.name))
    return found


def _family_of(process_id):
    children = _children_of(process_id)
    return [*children, *(grandchild for child in children for grandchild in _children_of(child))]

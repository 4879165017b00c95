"""What a child that reads an upload can reach: tried by really trying."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.checks import INFO

from tests.loopback import is_hit, listener
from videos import checks, ffmpeg, walls
from videos.ffmpeg import FFmpegError, Limits

pytestmark = [
    pytest.mark.ffmpeg,
    pytest.mark.skipif(sys.platform != "linux", reason="the walls are Linux's"),
]

LIMITS = Limits(wall_seconds=20, cpu_seconds=10, file_bytes=100_000)

CONNECT = "import socket; socket.create_connection(('127.0.0.1', {port}), 3)"
SEND = (
    "import socket; socket.socket(type=socket.SOCK_DGRAM)"
    ".sendto(b'secret', ('127.0.0.1', {port}))"
)


def needs(wall):
    return pytest.mark.skipif(
        wall in ffmpeg.missing_walls(), reason=f"this kernel gives no {wall}"
    )


def python(code):
    return [sys.executable, "-I", "-c", code]


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (socket.SOCK_STREAM, CONNECT),
        pytest.param(socket.SOCK_DGRAM, SEND, marks=needs("network namespace")),
    ],
    ids=["tcp", "udp"],
)
def test_a_child_reaches_nobody(kind, code):
    with listener(kind) as server:
        command = python(code.format(port=server.getsockname()[1]))

        with pytest.raises(FFmpegError):
            ffmpeg.run(command, limits=LIMITS)

        assert not is_hit(server)
        subprocess.run(command, check=True, timeout=20)  # without walls it would
        assert is_hit(server)


def test_ffmpeg_itself_reaches_nobody():
    with listener() as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/film.mp4"
        command = [ffmpeg.binary(), "-v", "error", "-i", address, "-f", "null", "-"]

        with pytest.raises(FFmpegError):
            ffmpeg.run(command, limits=LIMITS)

        assert not is_hit(server)


@needs("Landlock")
def test_a_child_reads_what_it_is_given_and_nothing_else(tmp_path):
    given, canary = tmp_path / "given", tmp_path / "canary"
    given.write_text("given")
    canary.write_text("secret")
    limits = replace(LIMITS, reads=(given,))

    read = ffmpeg.run(python(f"print(open({str(given)!r}).read())"), limits=limits)

    assert read == "given\n"
    for forbidden in (canary, "/etc/passwd", f"/proc/{os.getpid()}/environ"):
        with pytest.raises(FFmpegError, match="PermissionError"):
            ffmpeg.run(python(f"open({str(forbidden)!r})"), limits=limits)


@needs("Landlock")
def test_a_child_writes_only_into_its_folder(tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    limits = replace(LIMITS, writes=(work,))
    write = "open({!r}, 'w').write('x')"

    ffmpeg.run(python(write.format(str(work / "inside"))), limits=limits)
    with pytest.raises(FFmpegError, match="PermissionError"):
        ffmpeg.run(python(write.format(str(tmp_path / "outside"))), limits=limits)

    assert (work / "inside").read_text() == "x"
    assert not (tmp_path / "outside").exists()


def test_a_child_inherits_no_secret_no_file_and_no_right(monkeypatch, tmp_path):
    monkeypatch.setenv("SECRET_KEY", "known to the worker alone")
    opened = os.open(tmp_path, os.O_RDONLY)
    os.set_inheritable(opened, True)
    code = """
import json, os
def is_open(n):
    try: return bool(os.fstat(n))
    except OSError: return False
print(json.dumps([sorted(os.environ), [n for n in range(3, 500) if is_open(n)]]))
"""

    environment, files = json.loads(ffmpeg.run(python(code), limits=LIMITS))
    os.close(opened)

    assert set(environment) <= {"PATH", "LC_ALL", "LD_LIBRARY_PATH"}
    assert files == []


@needs("network namespace")
def test_root_is_nobody_in_there():
    code = "import os; print(os.geteuid()); os.setgid(0)"

    with pytest.raises(FFmpegError, match="Operation not permitted|Invalid argument"):
        ffmpeg.run(python(code), limits=LIMITS)


ANYBODYS_PYTHON = "/usr/bin/python3"
FORBID = 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"'


# What a child of the launcher does, by any Python.
CHILD = """
import os, sys
sys.path.append(sys.argv[1])
import walls
command, missing = walls.build(os.getppid(), *sys.argv[2:])
if command:
    os.execv(command[0], command)
print(*missing, sep="\\n", end="")
"""


@pytest.fixture
def folder():
    """With walls.py, where anybody may read it, unlike a clone below /root."""
    folder = Path(tempfile.mkdtemp(prefix="vitrine-walls-"))
    folder.chmod(0o755)
    shutil.copy(walls.__file__, folder)
    yield folder
    shutil.rmtree(folder)


def missing_and_connecting(folder, port, prefix=(), **options):
    """The walls that are missing, and how an attempt to connect out ended."""
    limits = replace(LIMITS, memory_bytes=2**31)
    terms = ffmpeg.terms_of(limits, [])
    start = [*prefix, ANYBODYS_PYTHON, "-I", "-S", "-c", CHILD, str(folder), *terms]
    connect = [ANYBODYS_PYTHON, "-I", "-c", CONNECT.format(port=port)]
    asked, tried = [
        subprocess.run(
            command, capture_output=True, text=True, timeout=30, check=False, **options
        )
        for command in (start, start + connect)
    ]
    return asked.stdout.splitlines(), tried.stderr


def has_anybodys_python():
    return Path(ANYBODYS_PYTHON).exists()


@needs("network namespace")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.skipif(not has_anybodys_python(), reason=f"no {ANYBODYS_PYTHON}")
def test_a_plain_user_has_the_same_walls(folder):
    someone = {"user": 65534, "group": 65534, "extra_groups": []}

    with listener() as server:
        missing, words = missing_and_connecting(
            folder, server.getsockname()[1], **someone
        )

        assert missing == list(ffmpeg.missing_walls())
        assert "unreachable" in words or "PermissionError" in words
        assert not is_hit(server)


@needs("network namespace")
@needs("Landlock")
@pytest.mark.skipif(not has_anybodys_python(), reason=f"no {ANYBODYS_PYTHON}")
@pytest.mark.skipif(not shutil.which("unshare"), reason="util-linux is not there")
def test_where_namespaces_are_forbidden_the_other_walls_stand(folder):
    """As in most containers: forbidden here for this one child by really doing so."""
    prefix = ["unshare", "--user", "--map-root-user", "sh", "-c", FORBID, "sh"]

    with listener() as server:
        missing, words = missing_and_connecting(folder, server.getsockname()[1], prefix)

        assert missing == ["network namespace"]
        assert "PermissionError" in words  # Landlock refuses TCP since Linux 6.7
        assert not is_hit(server)


def test_a_missing_wall_is_a_hint_and_said_once(monkeypatch, caplog):
    monkeypatch.setattr(ffmpeg, "run", lambda command, limits: "Landlock\n")
    ffmpeg.missing_walls.cache_clear()

    hints = checks.walls(None) + checks.walls(None)
    ffmpeg.missing_walls.cache_clear()

    assert [hint.level for hint in hints] == [INFO, INFO]
    assert "no Landlock" in hints[0].msg
    assert caplog.text.count("no Landlock") == 1

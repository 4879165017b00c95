"""Uploads by clients that others wrote, over connections that break again and again.

make faults-upload [UPLOADS=100]    so many by each client with 10 cuts each, under
                                    granian, and one whose server is killed midway;
                                    exit status 1 unless each arrives whole, and once
"""

import argparse
import hashlib
import os
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path, PurePosixPath

import django
import requests

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402

from bench import serving  # noqa: E402
from marketplace.user_files import private_files  # noqa: E402
from tests.factories import make_seller, make_user  # noqa: E402
from tests.uploading import metadata  # noqa: E402
from tests.uploads.clients import CLIENTS, Cuts, broken_network, headers_of, send_by  # noqa: E402
from videos.models import Upload, Video  # noqa: E402
from videos.models.upload import BUSY  # noqa: E402
from videos.tus import OCTETS  # noqa: E402

# Fewer than one seller may begin in an hour.
UPLOADS_OF_A_SELLER = 100


def sign_in():
    """The headers of a browser in which a new seller is signed in."""
    owner = make_user(email=f"{time.time_ns()}@example.com")
    make_seller(
        owner=owner, name=f"Uploads {time.time_ns()}", slug=f"u{time.time_ns()}"
    )
    browser = Client()
    browser.force_login(owner)
    return headers_of(browser)


def upload_once(client, arguments, headers, seed):
    """Sends random bytes and says what is wrong with what arrived, if anything."""
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "film.mp4"
        film.write_bytes(os.urandom(arguments.bytes))
        cuts = Cuts(arguments.cuts, arguments.bytes, seed)
        with broken_network(f"http://127.0.0.1:{arguments.port}", cuts) as site:
            where = site + reverse("videos:tus_uploads")
            address = send_by(client, film, where, headers)
        sent = hashlib.sha256(film.read_bytes()).hexdigest()
    return [*complaints_about(address, sent), *cuts_missing(cuts, arguments.cuts)]


def complaints_about(address, sent):
    upload = Upload.objects.get(public_id=PurePosixPath(address).name)
    videos = Video.objects.filter(source_sha256=sent)
    if upload.state != Upload.State.FINISHED or len(videos) != 1:
        return [f"{upload.state}, {len(videos)} videos"]
    source = Path(private_files().path(videos[0].source.name))
    with source.open("rb") as file:
        kept = hashlib.file_digest(file, "sha256").hexdigest()
    source.unlink()
    return [] if kept == sent else ["other bytes arrived"]


def cuts_missing(cuts, wanted):
    return [] if cuts.done == wanted else [f"only {cuts.done} cuts"]


def run(client, arguments):
    headers, wrong, began = {}, [], time.monotonic()
    for number in range(arguments.uploads):
        if number % UPLOADS_OF_A_SELLER == 0:
            headers = sign_in()
        seed = f"{arguments.seed}-{client}-{number}"
        for words in upload_once(client, arguments, headers, seed):
            wrong.append(words)
            print(f"{client}, upload {number}: {words}", flush=True)
    took = time.monotonic() - began
    whole = arguments.uploads - len(wrong)
    print(f"| {client} | {whole}/{arguments.uploads} | {took:.0f} s |", flush=True)
    return not wrong


def send_the_rest(film, address, headers):
    """One request for all that is missing, as a browser without pieces would do."""
    asked = requests.head(address, headers=headers, timeout=60)
    offset = int(asked.headers["Upload-Offset"])
    about = {"Upload-Offset": str(offset), "Content-Type": OCTETS}
    with film.open("rb") as file:
        file.seek(offset)
        answer = requests.patch(
            address, data=file, headers=headers | about, timeout=300
        )
    return offset, answer.status_code


def kill_midway(processes, upload, size):
    """kill -9 of the whole server once a third of the upload has arrived."""
    while upload.offset < size // 3:
        time.sleep(0.02)
        upload.refresh_from_db()
    server = processes[0]
    for process in [*server.children(recursive=True), server]:
        process.kill()


def run_killed(size, port):
    headers = sign_in() | {"Tus-Resumable": "1.0.0"}
    site = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "film.mp4"
        film.write_bytes(os.urandom(size))
        with serving.served(port) as processes:
            about = {
                "Upload-Length": str(size),
                "Upload-Metadata": metadata(filename=film.name),
            }
            where = site + reverse("videos:tus_uploads")
            begun = requests.post(where, headers=headers | about, timeout=60)
            address = site + begun.headers["Location"]
            upload = Upload.objects.get(public_id=PurePosixPath(address).name)
            killer = threading.Thread(
                target=kill_midway, args=[processes, upload, size]
            )
            killer.start()
            with suppress(requests.ConnectionError):
                send_the_rest(film, address, headers)
            killer.join()
        with serving.served(port):
            time.sleep(BUSY.total_seconds())  # the killed writer counts as busy
            offset, status = send_the_rest(film, address, headers)
        sent = hashlib.sha256(film.read_bytes()).hexdigest()
    wrong = complaints_about(address, sent) if status == 204 else [f"status {status}"]
    print(f"killed at {offset:,} of {size:,} bytes: {wrong or 'whole, and once'}")
    return offset > 0 and not wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--uploads", type=int, default=100)
    parser.add_argument("--cuts", type=int, default=10)
    parser.add_argument("--bytes", type=int, default=3_000_000)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--port", type=int, default=serving.free_port())
    arguments = parser.parse_args()
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    call_command("migrate", verbosity=0)
    with serving.served(arguments.port):
        print("| client | arrived whole, and once | took |\n|---|---|---|")
        results = [run(client, arguments) for client in CLIENTS]
    results.append(run_killed(100 * arguments.bytes, arguments.port))
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()

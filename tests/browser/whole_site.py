"""The site as `make run` starts it, with servers, files and a port of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 90


class WholeSite:
    def __init__(self, folder: Path):
        port = two_free_ports()
        self.url = f"http://localhost:{port}"
        self.log = folder / "log"
        chosen_for_tests = {
            *("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"),
            *("SITE_URL", "STRIPE_SANDBOX_URL"),
        }
        inherited = {k: v for k, v in os.environ.items() if k not in chosen_for_tests}
        self.environment = inherited | {
            "DEBUG": "true",
            "DEMO": "false",
            "PORT": str(port),
            "STRIPE_SECRET_KEY": "",
            "STRIPE_WEBHOOK_SECRET": "",
            "STRIPE_SANDBOX_JUDGE": "tests.payments.contract.judge",
            "VAR_DIR": str(folder / "var"),
        }

    def __enter__(self):
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "deploy/run.py"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        give_up_at = time.monotonic() + START_SECONDS
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > give_up_at:
                self.__exit__()
                raise RuntimeError(f"the site did not start:\n{self.log.read_text()}")
            time.sleep(0.2)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)
        assert "ContractBroken" not in self.log.read_text(), self.log.read_text()

    def answers(self):
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5):
                return True
        except urllib.error.URLError:
            return False

    def run(self, code: str) -> str:
        """Run Python in the site's own settings and database."""
        done = subprocess.run(
            [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", code],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()


def two_free_ports() -> int:
    """The first of two ports in a row that nobody listens on."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port

"""A shop of real processes that can be killed: web, worker, Stripe sandbox."""

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import requests

from bench import shopping
from marketplace import embedded

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 90
SECRET = re.compile(r'data-client-secret="([^"]+)"')
SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.shop_settings", "PYTHONWARNINGS": "ignore"}


class Shop:
    """`database` is an address, or else the shop has a PostgreSQL of its own."""

    def __init__(self, folder: Path, database: str = ""):
        self.folder = folder
        self.redis = embedded.Redis(folder)
        self.redis.make_folders()
        self.redis.start()
        self.postgres = None if database else embedded.Postgres(folder)
        if self.postgres:
            self.postgres.make_folders()
            self.postgres.start()
        web, stripe = free_port(), free_port()
        self.url, self.stripe = f"http://127.0.0.1:{web}", f"http://127.0.0.1:{stripe}"
        self.environment = os.environ | SETTINGS | {
            "TEST_VAR_DIR": str(folder / "var"),
            "VAR_DIR": str(folder / "stripe"),
            "PYTEST_XDIST_WORKER": "gw0",  # this Redis is nobody else's
            "TEST_DATABASE_URL": database or self.postgres.address,
            "TEST_REDIS_URL": self.redis.address,
            "SITE_URL": self.url,
            "STRIPE_SANDBOX_URL": self.stripe,
            "STRIPE_WEBHOOK_SECRET": "whsec_tests_only",
            "STRIPE_SANDBOX_JUDGE": "tests.payments.contract.judge",
        }  # fmt: skip
        serve = ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--no-ws",
                 "--log-level", "error", "--blocking-threads", "8"]  # fmt: skip
        self.commands = {
            "stripe": [*serve, "--port", str(stripe),
                       "checkout.stripe_sandbox.wsgi:application"],
            "web": [*serve, "--port", str(web), "marketplace.wsgi:application"],
            "worker": ["tests.shop_worker", "--quiet", "worker",
                       "--loglevel", "warning", "-Q", "default,money,mail",
                       "--pool", "threads", "-c", "4",
                       "--without-gossip", "--without-mingle", "-B"],
        }  # fmt: skip
        self.processes = {}
        self.revived = []
        self.is_ending = False

    def open(self):
        if self.postgres:
            self.python("manage.py", "migrate", "--verbosity", "0")
        for name in self.commands:
            self.start(name)
        wait_until(lambda: answers(self.stripe) and answers(self.url), "the shop opens")

    def start(self, name):
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", *self.commands[name]],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self, name):
        """The whole tree, in the middle of what it does; another begins at once."""
        process = self.processes[name]
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if not self.is_ending:
            self.start(name)

    def revive(self):
        """As systemd does with what has ended by itself; their names."""
        ended = [name for name, one in self.processes.items() if one.poll() is not None]
        for name in ended:
            self.start(name)
        self.revived += ended

    def python(self, *command) -> str:
        done = subprocess.run(
            [sys.executable, *command],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ask(self, code: str):
        """Python in the shop's database; what it calls `answer`."""
        if not self.postgres:
            names = {}
            exec(code, names)  # in the tests' own database
            return names["answer"]
        shell = ["manage.py", "shell", "--verbosity", "0", "-c"]
        lines = self.python(*shell, f"import json\n{code}\nprint(json.dumps(answer))")
        return json.loads(lines.splitlines()[-1])

    def close(self):
        self.is_ending = True
        for process in self.processes.values():
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.redis.stop()
        if self.postgres:
            self.postgres.stop()
        broken = (self.folder / "stripe.log").read_text()
        assert "ContractBroken" not in broken, broken

    def log(self):
        return "\n".join(p.read_text() for p in sorted(self.folder.glob("*.log")))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(url):
    try:
        return requests.get(url, timeout=5).status_code < 500
    except requests.RequestException:
        return False


def wait_until(is_true, what, seconds=PATIENCE_SECONDS, pause=0.1):
    """How long it took."""
    began = time.monotonic()
    while not is_true():
        assert time.monotonic() - began < seconds, f"not within {seconds} s: {what}"
        time.sleep(pause)
    return time.monotonic() - began


class Buyer:
    """A guest who buys one thing and tries again whatever the site answers."""

    STEPS = ("look", "add", "read", "order", "fetch", "pay", "come_back")

    def __init__(self, shop, variant, email, before_step=None):
        self.shop, self.variant = shop, variant
        self.email = email
        self.before_step = before_step or (lambda name: None)
        self.browser = requests.Session()
        self.unavailable = 0

    def buy(self):
        for name in self.STEPS:
            self.before_step(name)
            getattr(self, name)()
        return self

    def request(self, method, url, good=(200, 302), **details):
        """The same request over and over until somebody is there to answer it."""
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                answer = self.browser.request(
                    method, url, timeout=20, allow_redirects=False, **details
                )
                if answer.status_code in good:
                    return answer
                trouble = f"{answer.status_code}: {answer.text[:3000]}"
                assert answer.status_code in (502, 503), trouble
            except requests.RequestException as error:
                trouble = repr(error)
            self.unavailable += 1
            assert time.monotonic() < give_up_at, trouble
            time.sleep(0.1)

    def look(self):
        self.page = self.request("GET", f"{self.shop.url}{self.variant['url']}")

    def add(self):
        token = shopping.inputs(self.page)["csrfmiddlewaretoken"]
        chosen = {"csrfmiddlewaretoken": token, "variant": self.variant["pk"]}
        address = f"{self.shop.url}/cart/add/"
        self.request("POST", address, data={**chosen, "quantity": 1})

    def read(self):
        page = self.request("GET", f"{self.shop.url}/checkout/")
        typed = shopping.ADDRESS | {"email": self.email}
        self.form = shopping.inputs(page) | typed

    def order(self):
        """The same form again until there is an order to pay."""
        address = f"{self.shop.url}/checkout/"
        answer = self.request("POST", address, data=self.form, good=(302,))
        assert "/pay/" in answer.headers["Location"], answer.headers["Location"]
        self.pay_url = f"{self.shop.url}{answer.headers['Location']}"

    def fetch(self):
        page = self.request("GET", self.pay_url, good=(200,))
        while not (found := SECRET.search(page.text)):
            time.sleep(0.2)  # Stripe could not be asked
            page = self.request("GET", self.pay_url, good=(200,))
        self.secret = found[1]

    def pay(self):
        intent = self.secret.partition("_secret_")[0]
        paid = self.request(
            "POST",
            f"{self.shop.stripe}/v1/payment_intents/{intent}/confirm",
            data={
                "key": "pk_test_sandbox",
                "client_secret": self.secret,
                "payment_method": "pm_card_visa",
            },
        )
        assert paid.json()["status"] == "succeeded"

    def come_back(self):
        address = self.pay_url.replace("/pay/", "/return/")
        self.request("GET", address)


class Striker:
    """Kills one process somewhere in the middle of one step of a purchase."""

    def __init__(self, shop, seed):
        self.shop, self.draw = shop, random.Random(seed)
        self.kills = {"web": 0, "worker": 0}
        self.threads = []

    def aim(self):
        step = self.draw.choice(Buyer.STEPS)
        victim = self.draw.choice(list(self.kills))
        delay = self.draw.uniform(0, 0.3)

        def before_step(name):
            if name == step:
                thread = threading.Timer(delay, self.strike, [victim])
                thread.start()
                self.threads.append(thread)

        return before_step

    def strike(self, victim):
        self.shop.kill(victim)
        self.kills[victim] += 1

    def rest(self):
        for thread in self.threads:
            thread.join()

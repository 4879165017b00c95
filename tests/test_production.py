"""The settings that production runs with, each in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "docs" / "production.env.example"

RESPONSE = """
import django
from django.test import Client
django.setup()
response = Client().get("/no-such-page", secure=True, HTTP_HOST="shop.example.com")
print(response.status_code)
for name, value in response.headers.items():
    print(f"{name}: {value}")
"""


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    """The example's environment after `collectstatic`."""
    environment = example() | {"VAR_DIR": str(tmp_path_factory.mktemp("var"))}
    run_python("manage.py", "collectstatic", "--no-input", environment=environment)
    return environment


def example():
    lines = EXAMPLE.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and line[0] != "#")


def run_python(*arguments, environment):
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=kept | {"DJANGO_SETTINGS_MODULE": "marketplace.settings"} | environment,
        capture_output=True,
        text=True,
    )


def test_the_example_passes_every_check():
    done = run_python(
        "manage.py", "check", "--deploy", "--fail-level", "WARNING",
        environment=example(),
    )  # fmt: skip

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "name",
    [
        "SECRET_KEY",
        "SITE_URL",
        "ALLOWED_HOSTS",
        "DATABASE_URL",
        "REDIS_URL",
        "STRIPE_SECRET_KEY",
        "STRIPE_PUBLISHABLE_KEY",
        "STRIPE_WEBHOOK_SECRET",
        "STRIPE_CONNECT_WEBHOOK_SECRET",
        "DEFAULT_FROM_EMAIL",
        "EMAIL_HOST",
    ],
)
def test_production_does_not_start_without(name):
    environment = example()
    del environment[name]

    done = run_python("-c", "import marketplace.settings", environment=environment)

    assert done.returncode == 1
    assert f"Set the environment variable {name}." in done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SITE_URL", "http://shop.example.com"),
        ("STRIPE_SANDBOX_URL", "http://127.0.0.1:8001"),
        ("SECRET_KEY", "development-only-key"),
        ("ALLOWED_HOSTS", "*"),
    ],
)
def test_production_does_not_start_as_development_does(name, value):
    environment = example() | {name: value}

    done = run_python("-c", "import marketplace.settings", environment=environment)

    assert done.returncode == 1
    assert name in done.stderr


def test_every_response_carries_the_headers_that_protect_it(collected):
    done = run_python("-c", RESPONSE, environment=collected)

    status, *lines = done.stdout.splitlines()
    headers = dict(line.split(": ", 1) for line in lines)
    assert status == "404", done.stderr
    assert headers["Strict-Transport-Security"] == (
        "max-age=63072000; includeSubDomains; preload"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin-allow-popups"
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "127.0.0.1" not in policy
    stripe = "https://js.stripe.com https://*.js.stripe.com"
    expected = {f"script-src 'self' {stripe}"} | {
        f"{name} 'none'" for name in ("object-src", "base-uri", "frame-ancestors")
    }
    assert expected <= set(policy.split("; "))


def test_development_shows_a_visitors_error_page_and_logs_the_reason(tmp_path):
    environment = {"DEBUG": "true", "VAR_DIR": str(tmp_path)}
    script = RESPONSE + "print(response.content.decode())"

    done = run_python("-c", script, environment=environment)

    assert done.stdout.splitlines()[0] == "404", done.stderr
    assert "This window is empty" in done.stdout
    assert "Not Found: /no-such-page" in done.stderr


def test_a_broken_page_of_development_leaves_its_traceback_in_the_log(tmp_path):
    script = RESPONSE.replace("/no-such-page", "/healthz")
    script = script.replace("Client()", "Client(raise_request_exception=False)")
    breaks = "from marketplace import health\nhealth.healthz = lambda request: 1 / 0\n"
    script = script.replace("response =", f"{breaks}response =")
    script += "print(response.content.decode())"

    done = run_python(
        "-c", script, environment={"DEBUG": "true", "VAR_DIR": str(tmp_path)}
    )

    assert done.stdout.splitlines()[0] == "500", done.stderr
    assert "It is our fault" in done.stdout
    assert "ZeroDivisionError: division by zero" in done.stderr


def test_cookies_belong_to_this_host_alone():
    names = ["SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "LANGUAGE_COOKIE_NAME"]
    done = run_python(
        "-c",
        "from django.conf import settings\n"
        f"for name in {names}: print(getattr(settings, name))",
        environment=example(),
    )

    assert done.stdout.split() == ["__Host-session", "__Host-csrf", "__Host-language"]


def test_plain_http_is_sent_to_https_but_the_health_check_is_not():
    script = RESPONSE.replace("secure=True, ", "").replace("/no-such-page", "/shop")

    done = run_python("-c", script, environment=example())

    assert done.stdout.splitlines()[0] == "301"
    assert "Location: https://shop.example.com/shop" in done.stdout


def test_a_web_process_has_its_pages_before_requests_and_out_of_the_collector():
    count = "print('videos.feed.views' in sys.modules, gc.get_freeze_count())"
    code = f"import gc, sys, marketplace.wsgi; {count}"

    done = run_python("-c", code, environment=example())

    assert done.returncode == 0, done.stderr
    are_there, frozen = done.stdout.split()
    assert are_there == "True"
    assert int(frozen) > 100_000

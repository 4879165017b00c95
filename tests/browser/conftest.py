"""A real Chromium against the whole site; any complaint in its console is a failure."""

import os
import time

import pytest

# Playwright's own loop runs in the thread that also asks the database.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}


def open_more(page):
    """The menu of the clip on screen, which has what is not asked of every video."""
    menu = page.locator("[data-more]").first
    if menu.get_attribute("open") is None:
        menu.locator("summary").click()


def wait_until(page, expression, *, seconds=15):
    """Poll from outside: the page's Content-Security-Policy forbids eval within."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"never became true: {expression}"
        page.wait_for_timeout(50)


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/browser/" in str(item.path.as_posix()):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    return browser_context_args | {"viewport": PHONE, "locale": "en-GB"}


@pytest.fixture
def complaints(page):
    """What the console and the scripts complained of; none is expected at the end."""
    found = []
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on(
        "console",
        lambda said: found.append(said.text) if said.type == "error" else None,
    )
    yield found
    assert found == []


@pytest.fixture
def site(live_server, settings, complaints, page):
    """The address of the running site."""
    settings.SITE_URL = live_server.url
    yield live_server.url
    # A page that closes still sends its beacon; emptying the tables waits for it.
    page.goto("about:blank")
    page.wait_for_timeout(500)


@pytest.fixture
def sign_in(page, client, site, settings):
    """Signs a person in by the session cookie."""

    def sign_in(user):
        client.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        cookie = {"name": name, "value": client.cookies[name].value, "url": site}
        page.context.add_cookies([cookie])

    return sign_in

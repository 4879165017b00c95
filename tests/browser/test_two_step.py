"""Passkeys, an app's codes and recovery codes, as a person uses them.

Chromium's own virtual authenticator does what a finger on a sensor would.
"""

import base64
import hmac
import re
import struct
import time

import pytest
from allauth.mfa.models import Authenticator

from marketplace.accounts.models import User
from marketplace.accounts.registration import register
from tests.factories import make_staff

pytestmark = pytest.mark.django_db(transaction=True)


PASSWORD = "a long password"
EMAIL = "ann@example.com"


class Device:
    """A phone or laptop that keeps passkeys and knows its owner."""

    OPTIONS = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }

    def __init__(self, page):
        self.devtools = page.context.new_cdp_session(page)
        self.devtools.send("WebAuthn.enable")
        command = "WebAuthn.addVirtualAuthenticator"
        self.key = self.devtools.send(command, {"options": self.OPTIONS})

    def passkeys(self):
        return self.devtools.send("WebAuthn.getCredentials", self.key)["credentials"]

    def forget(self):
        self.devtools.send("WebAuthn.clearCredentials", self.key)

    def recognise(self, is_owner):
        verified = {**self.key, "isUserVerified": is_owner}
        self.devtools.send("WebAuthn.setUserVerified", verified)


@pytest.fixture
def phone(page):
    return Device(page)


@pytest.fixture(autouse=True)
def impatient(page):
    page.set_default_timeout(15_000)


def code_now(secret):
    """What an authenticator app shows: RFC 6238."""
    count = struct.pack(">Q", int(time.time()) // 30)
    digest = hmac.digest(base64.b32decode(secret), count, "sha1")
    start = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def sign_in_by_password(page, site, email=EMAIL):
    page.goto(f"{site}/accounts/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "/accounts/login" not in url)


def sign_out(page, site):
    page.goto(f"{site}/account/")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(lambda url: "/account/" not in url)


def prove_by_password(page):
    """Before the account's protection is changed, it is asked for once more."""
    page.get_by_role("heading", name="Is it you?").wait_for()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()


def add_passkey(page, site, name="My phone"):
    page.goto(f"{site}/accounts/2fa/")
    page.get_by_role("link", name="Add a passkey").click()
    prove_by_password(page)
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Add this device").click()
    page.wait_for_url("**/recovery-codes/")


def give_code(page, code):
    page.locator("[name=code]").fill(code)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_a_person_signs_in_with_a_passkey_and_removes_it(page, site, phone):
    user = register(EMAIL, PASSWORD)
    sign_in_by_password(page, site)
    add_passkey(page, site)
    sign_out(page, site)

    page.goto(f"{site}/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{site}/")
    page.goto(f"{site}/account/")
    page.get_by_text(EMAIL).wait_for()

    page.goto(f"{site}/accounts/2fa/webauthn/")
    page.get_by_text("Signs in alone").wait_for()
    page.get_by_text(re.compile("Last used")).wait_for()
    page.get_by_role("link", name="Remove “My phone”").click()
    page.get_by_role("link", name="Use a passkey").click()
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_role("button", name="Remove").click()
    page.get_by_text("No passkeys yet").wait_for()

    assert Authenticator.objects.filter(user=user).exists() is False
    assert len(phone.passkeys()) == 1  # the device does not know yet
    sign_out(page, site)
    page.goto(f"{site}/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("Incorrect code").wait_for()
    page.goto(f"{site}/account/")
    assert "/accounts/login/" in page.url


def test_a_passkey_that_the_device_refuses_is_spoken_of_on_the_page(page, site, phone):
    register(EMAIL, PASSWORD)
    sign_in_by_password(page, site)
    phone.recognise(False)

    page.goto(f"{site}/accounts/2fa/webauthn/add/")
    prove_by_password(page)
    page.get_by_role("button", name="Add this device").click()

    page.get_by_text("it was canceled, or it took too long").wait_for()
    assert Authenticator.objects.exists() is False


def test_a_bare_ip_address_is_said_to_refuse_passkeys(page, site, settings):
    settings.ALLOWED_HOSTS = ["*"]
    page.goto(f"{site.replace('localhost', '127.0.0.1')}/accounts/login/")

    link = page.get_by_role("link", name="Open this page under its name")
    link.wait_for()
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("The browser refuses passkeys under this address").wait_for()
    link.click()

    page.wait_for_url(f"{site}/accounts/login/")
    assert page.get_by_text("refuse passkeys").count() == 0


def test_staff_satisfy_the_second_step_with_a_passkey(page, site, phone, settings):
    settings.STAFF_MFA_REQUIRED = True
    person = make_staff(User.Role.MODERATOR, email="mo@example.com")
    person.emailaddress_set.create(email=person.email, primary=True, verified=True)
    sign_in_by_password(page, site, person.email)

    page.goto(f"{site}/admin/")
    page.get_by_text("Staff need two-step sign-in").wait_for()
    add_passkey(page, site)
    page.goto(f"{site}/admin/")
    page.get_by_role("heading", name="What waits").wait_for()
    sign_out(page, site)

    sign_in_by_password(page, site, person.email)
    page.goto(f"{site}/admin/")
    # The password alone was half the way.
    page.get_by_role("heading", name="One more step").wait_for()
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"{site}/")
    page.goto(f"{site}/admin/")
    page.get_by_role("heading", name="What waits").wait_for()


def set_up_app(page, site):
    """The secret that the app keeps, and the recovery codes."""
    page.goto(f"{site}/accounts/2fa/")
    page.get_by_role("link", name="Set up").click()
    prove_by_password(page)
    page.locator("[name=code]").fill("000000")
    page.get_by_role("button", name="Activate").click()
    page.get_by_text("Incorrect code").wait_for()
    secret = page.get_by_label("Authenticator secret").input_value()
    page.locator("[name=code]").fill(code_now(secret))
    page.get_by_role("button", name="Activate").click()
    page.wait_for_url("**/recovery-codes/")
    return secret, page.get_by_label("Unused codes").inner_text().split()


def test_the_code_of_an_app_is_the_second_step(page, site):
    register(EMAIL, PASSWORD)
    sign_in_by_password(page, site)
    secret, _ = set_up_app(page, site)
    sign_out(page, site)

    sign_in_by_password(page, site)
    give_code(page, "000000")
    page.get_by_text("Incorrect code").wait_for()
    give_code(page, code_now(secret))
    page.wait_for_url(f"{site}/")

    page.goto(f"{site}/account/")
    page.get_by_text(EMAIL).wait_for()


def test_a_recovery_code_lets_in_once(page, site):
    register(EMAIL, PASSWORD)
    sign_in_by_password(page, site)
    _, [code, *others] = set_up_app(page, site)
    sign_out(page, site)

    sign_in_by_password(page, site)
    give_code(page, code)
    page.wait_for_url(f"{site}/")
    page.goto(f"{site}/accounts/2fa/")
    page.get_by_text("9 codes left").wait_for()
    sign_out(page, site)

    sign_in_by_password(page, site)
    give_code(page, code)
    page.get_by_text("Incorrect code").wait_for()
    assert len(others) == 9

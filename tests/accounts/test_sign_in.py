import re

import pytest
from django.core import mail
from django.urls import reverse

from marketplace.accounts.models import OutgoingMail, User
from marketplace.accounts.registration import register
from tests.factories import make_user

pytestmark = pytest.mark.usefixtures("eager_tasks")

PASSWORD = "a long password"
LOGIN = "/accounts/login/"


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    """Runs a call, and the tasks that it sent on commit."""

    def run(call, *args, **kwargs):
        with django_capture_on_commit_callbacks(execute=True):
            return call(*args, **kwargs)

    return run


def sign_up(client, email, **fields):
    form = {"email": email, "password1": PASSWORD} | fields
    return client.post(reverse("account_signup"), form)


def sign_in(client, email, password=PASSWORD, **fields):
    return client.post(LOGIN, {"login": email, "password": password} | fields)


def is_signed_in(client):
    return client.get(reverse("accounts:account")).status_code == 200


@pytest.mark.django_db
def test_one_signs_up_with_a_code_from_the_mail(client, committed):
    committed(sign_up, client, "Ann@Example.com", next="/shop/")

    assert is_signed_in(client) is False
    [letter] = mail.outbox
    assert letter.to == ["ann@example.com"]
    code = re.search(r"\n\n(\S+)\n\n", letter.body.split("asks for it:")[1])[1]
    page = reverse("account_email_verification_sent")
    response = client.post(page, {"code": code})
    assert response.status_code == 302
    assert is_signed_in(client) is True
    assert User.objects.get().email == "ann@example.com"


@pytest.mark.django_db
def test_a_wrong_code_lets_nobody_in(client, committed):
    committed(sign_up, client, "ann@example.com")

    client.post(reverse("account_email_verification_sent"), {"code": "WRONG1"})

    assert is_signed_in(client) is False


@pytest.mark.django_db
def test_signing_up_does_not_tell_who_has_an_account(client, committed):
    register("ann@example.com", PASSWORD)

    known = committed(sign_up, client, "ann@example.com")
    client.cookies.clear()
    unknown = committed(sign_up, client, "bob@example.com")

    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)
    assert [letter.to for letter in mail.outbox] == [
        ["ann@example.com"],
        ["bob@example.com"],
    ]
    assert User.objects.filter(email="ann@example.com").count() == 1


@pytest.mark.django_db
def test_a_password_reset_does_not_tell_who_has_an_account(client, committed):
    register("ann@example.com", PASSWORD)
    page = reverse("account_reset_password")

    known = committed(client.post, page, {"email": "ann@example.com"})
    unknown = committed(client.post, page, {"email": "bob@example.com"})

    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)
    assert [letter.to for letter in mail.outbox] == [["ann@example.com"]]


@pytest.mark.django_db
def test_the_link_of_a_reset_is_on_our_site_whatever_the_host_header(
    client, settings, committed
):
    settings.ALLOWED_HOSTS = ["*"]
    settings.SITE_URL = "https://shop.example"
    register("ann@example.com", PASSWORD)

    committed(
        client.post,
        reverse("account_reset_password"),
        {"email": "ann@example.com"},
        headers={"host": "evil.example"},
    )

    assert "https://shop.example/accounts/password/reset/key/" in mail.outbox[0].body
    assert "evil.example" not in mail.outbox[0].body


@pytest.mark.django_db
def test_a_password_is_reset_by_the_link(client, committed):
    register("ann@example.com", PASSWORD)
    committed(
        client.post, reverse("account_reset_password"), {"email": "ann@example.com"}
    )
    link = re.search(r"/accounts/password/reset/key/\S+/", mail.outbox[0].body)[0]

    page = client.get(link).url
    client.post(page, {"password1": "another phrase", "password2": "another phrase"})

    assert User.objects.get().check_password("another phrase") is True


@pytest.mark.django_db
def test_a_new_session_begins_at_sign_in(client):
    user = register("ann@example.com", PASSWORD)
    session = client.session
    session["kept"] = True
    session.save()
    before = session.session_key

    sign_in(client, user.email)

    assert is_signed_in(client) is True
    assert client.session.session_key != before


@pytest.mark.django_db
def test_a_password_change_ends_the_other_sessions(client, client_elsewhere):
    user = register("ann@example.com", PASSWORD)
    sign_in(client, user.email)
    sign_in(client_elsewhere, user.email)
    assert is_signed_in(client_elsewhere) is True

    client.post(
        reverse("account_change_password"),
        {
            "oldpassword": PASSWORD,
            "password1": "another phrase",
            "password2": "another phrase",
        },
    )

    assert is_signed_in(client) is True
    assert is_signed_in(client_elsewhere) is False


@pytest.fixture
def client_elsewhere(client):
    return type(client)()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"]
)
def test_nobody_is_sent_elsewhere_after_signing_in(client, target):
    register("ann@example.com", PASSWORD)

    response = sign_in(client, "ann@example.com", next=target)

    assert response.status_code == 302
    assert response.url == "/"


@pytest.mark.django_db
def test_the_fifth_wrong_password_closes_the_door_for_a_while(client):
    register("ann@example.com", PASSWORD)
    for _ in range(5):
        sign_in(client, "ann@example.com", "wrong")

    response = sign_in(client, "ann@example.com")

    assert is_signed_in(client) is False
    assert "Too many" in response.content.decode()


@pytest.mark.django_db
def test_a_forged_address_does_not_open_the_door_again(client):
    statuses = [
        client.post(
            LOGIN,
            {"login": f"p{n}@example.com", "password": "x"},
            headers={"X-Forwarded-For": f"10.0.0.{n}"},
        ).status_code
        for n in range(16)
    ]

    assert statuses[-1] == 429


@pytest.mark.django_db
def test_without_redis_the_door_closes_too(client, no_cache):
    test_the_fifth_wrong_password_closes_the_door_for_a_while(client)


@pytest.mark.django_db
def test_without_redis_nobody_tries_many_accounts_from_one_address(client, no_cache):
    test_a_forged_address_does_not_open_the_door_again(client)


@pytest.mark.django_db
def test_an_unconfirmed_address_cannot_sign_in(client):
    user = make_user()

    sign_in(client, user.email)

    assert is_signed_in(client) is False


@pytest.mark.django_db
@pytest.mark.parametrize(
    "page",
    [
        "account_login",
        "account_signup",
        "account_reset_password",
        "account_reset_password_done",
    ],
)
def test_a_guest_sees_the_pages_of_the_door(client, page):
    assert client.get(reverse(page)).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    "page", ["account_email", "account_change_password", "account_logout", "mfa_index"]
)
def test_a_person_sees_the_pages_of_signing_in(client, page):
    client.force_login(register("ann@example.com", PASSWORD))

    assert client.get(reverse(page)).status_code == 200


@pytest.mark.django_db
def test_two_step_sign_in_asks_for_the_password_first(client):
    client.force_login(register("ann@example.com", PASSWORD))

    response = client.get(reverse("mfa_activate_totp"))

    assert response.status_code == 302
    assert response.url.startswith(reverse("account_reauthenticate"))


@pytest.mark.django_db
def test_sent_codes_do_not_stay_in_the_database(client, committed):
    committed(sign_up, client, "ann@example.com")

    assert OutgoingMail.objects.get().text == ""

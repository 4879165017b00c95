import json
from email.message import EmailMessage

import pytest
from auditlog.models import LogEntry
from django.urls import reverse

from marketplace.accounts import addresses
from marketplace.accounts.models import Address, User
from tests.factories import make_order, make_seller, make_user
from tests.races import at_once


def make_address(*, user=None, **fields):
    fields = {
        "name": "Ann Day",
        "line1": "1 High Street",
        "postal_code": "10115",
        "city": "Berlin",
        "country": "DE",
    } | fields
    return Address.objects.create(user=user or make_user(), **fields)


ADDRESS_FORM = {
    "name": "Ann Day",
    "line1": "2 Low Street",
    "postal_code": "10117",
    "city": "Berlin",
    "country": "DE",
}


@pytest.fixture
def user(client):
    user = make_user(name="Ann Day")
    client.force_login(user)
    return user


@pytest.mark.django_db
@pytest.mark.parametrize(
    "page", ["account", "addresses", "add_address", "inbox", "export", "erase"]
)
def test_nobody_is_asked_to_sign_in(client, page):
    url = reverse(f"accounts:{page}")

    response = client.get(url)

    assert response.status_code == 302
    assert response.url == f"{reverse('account_login')}?next={url}"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "page", ["account", "addresses", "add_address", "inbox", "erase"]
)
def test_a_person_sees_every_page_of_the_account(client, user, page):
    assert client.get(reverse(f"accounts:{page}")).status_code == 200


@pytest.mark.django_db
def test_a_person_changes_the_name_and_nothing_else(client, user):
    form = {"name": "Ann Night", "is_staff": "on", "email": "x@example.com"}

    client.post(reverse("accounts:account"), form)

    changed = User.objects.get(pk=user.pk)
    assert (changed.name, changed.email) == ("Ann Night", user.email)
    assert changed.is_staff is False


@pytest.mark.django_db
def test_the_first_address_comes_first_by_itself(client, user):
    client.post(reverse("accounts:add_address"), ADDRESS_FORM)

    assert user.addresses.get().is_default is True


@pytest.mark.django_db
def test_another_address_takes_the_first_place(client, user):
    old = make_address(user=user, is_default=True)

    client.post(reverse("accounts:add_address"), ADDRESS_FORM | {"is_default": "on"})

    old.refresh_from_db()
    assert old.is_default is False
    assert user.addresses.get(is_default=True).line1 == "2 Low Street"


@pytest.mark.django_db
def test_when_the_first_address_goes_the_oldest_follows(client, user):
    first = make_address(user=user, is_default=True)
    heir = make_address(user=user)
    make_address(user=user)

    client.post(reverse("accounts:remove_address", args=[first.pk]))

    assert user.addresses.get(is_default=True) == heir


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_cannot_open_an_address(client, user, method):
    theirs = make_address()

    response = getattr(client, method)(reverse("accounts:address", args=[theirs.pk]))

    assert response.status_code == 404


@pytest.mark.django_db
def test_a_stranger_cannot_remove_an_address(client, user):
    theirs = make_address()

    response = client.post(reverse("accounts:remove_address", args=[theirs.pk]))

    assert response.status_code == 404
    assert Address.objects.filter(pk=theirs.pk).exists() is True


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_addresses_saved_at_once_one_comes_first():
    user = make_user()
    both = [Address(user=user, is_default=True, **ADDRESS_FORM) for _ in range(2)]

    results = at_once(
        lambda: addresses.keep_address(user, both[0]),
        lambda: addresses.keep_address(user, both[1]),
    )

    assert results == [None, None]
    assert user.addresses.count() == 2
    assert user.addresses.filter(is_default=True).count() == 1


@pytest.mark.django_db
def test_opening_a_message_marks_it_read(client, user):
    received = user.notifications.create(subject="Shipped", body="Soon.")

    response = client.get(reverse("accounts:message", args=[received.pk]))

    assert "Soon." in response.content.decode()
    received.refresh_from_db()
    assert received.read_at is not None


@pytest.mark.django_db
def test_a_stranger_cannot_open_a_message(client, user):
    theirs = make_user().notifications.create(subject="Secret")

    response = client.get(reverse("accounts:message", args=[theirs.pk]))

    assert response.status_code == 404
    theirs.refresh_from_db()
    assert theirs.read_at is None


@pytest.mark.django_db
def test_mark_all_read_leaves_other_people_alone(client, user):
    user.notifications.create(subject="Mine")
    theirs = make_user().notifications.create(subject="Theirs")

    client.post(reverse("accounts:mark_all_read"))

    assert user.notifications.unread().exists() is False
    theirs.refresh_from_db()
    assert theirs.read_at is None


@pytest.mark.django_db
def test_orders_and_unread_messages_are_one_tap_away(client, user):
    user.notifications.create(subject="Hello", body="World")

    page = client.get("/shop/").content.decode()
    tabs = page[page.index('class="tabbar"') :]
    account = client.get(reverse("accounts:account")).content.decode()

    assert f'href="{reverse("checkout:orders")}"' in tabs
    assert "Unread messages: </span>1</span>" in tabs
    assert "1 new</span>" in account


@pytest.mark.django_db
def test_the_inbox_has_pages_of_thirty(client, user):
    for number in range(31):
        user.notifications.create(subject=f"Message {number}.")

    first = client.get(reverse("accounts:inbox"))
    [oldest_shown] = [m for m in user.notifications.all() if m.subject == "Message 1."]
    second = client.get(reverse("accounts:inbox"), {"before": oldest_shown.pk})

    assert len(first.context["received"]) == 30
    assert [m.subject for m in second.context["received"]] == ["Message 0."]


@pytest.mark.django_db
def test_the_export_holds_what_is_personal_and_no_links(client, user):
    make_address(user=user)
    order = make_order(user=user)
    make_address()

    response = client.get(reverse("accounts:export"))

    data = json.loads(response.content)
    assert data["account"]["email"] == user.email
    assert [row["line1"] for row in data["addresses"]] == ["1 High Street"]
    assert [row["number"] for row in data["order_groups"]] == [order.group.number]
    assert order.group.token not in response.content.decode()


@pytest.mark.django_db
def test_an_erased_account_leaves_its_order_in_the_books(client, user):
    make_address(user=user)
    order = make_order(user=user)
    user.name = "Ann Day-Smith"
    user.save()
    assert "Ann Day" in LogEntry.objects.get_for_object(user).get().object_repr

    client.post(reverse("accounts:erase"), {"password": "a long password"})

    assert User.objects.filter(pk=user.pk).exists() is False
    assert Address.objects.exists() is False
    assert LogEntry.objects.filter(object_repr__contains="Ann Day").exists() is False
    order.group.refresh_from_db()
    assert order.group.user is None
    assert client.get(reverse("accounts:account")).status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["wrong password", "seller", "staff"])
def test_an_account_that_is_needed_is_not_erased(client, user, role):
    if role == "seller":
        make_seller(owner=user)
    User.objects.filter(pk=user.pk).update(is_staff=role == "staff")
    password = "not it" if role == "wrong password" else "a long password"

    response = client.post(reverse("accounts:erase"), {"password": password})

    assert response.status_code == 200
    assert response.context["form"].errors
    assert User.objects.filter(pk=user.pk).exists() is True


@pytest.fixture
def letters(settings, tmp_path):
    """A folder with one mail, as development keeps it."""
    settings.IS_DEVELOPMENT = True
    settings.EMAIL_FILE_PATH = tmp_path
    message = EmailMessage()
    message["Subject"] = "Your code is 123"
    message["To"] = "ann@example.com"
    message["Date"] = "Mon, 23 Nov 2026 04:00:00 +0000"
    message.set_content("Plain <b>words</b>")
    message.add_alternative("<p>Rich words</p>", subtype="html")
    (tmp_path / "one.log").write_bytes(bytes(message) + b"\n" + b"-" * 79 + b"\n")
    (tmp_path.parent / "secret.log").write_text("Subject: Secret\n\nno")
    return tmp_path


@pytest.mark.django_db
def test_development_lists_its_mails(client, letters):
    listed = client.get(reverse("accounts:mail")).content.decode()
    shown = client.get(reverse("accounts:letter", args=["one"])).content.decode()

    assert "Your code is 123" in listed
    assert "Plain &lt;b&gt;words&lt;/b&gt;" in shown


@pytest.mark.django_db
def test_the_html_of_a_mail_has_no_rights(client, letters):
    response = client.get(reverse("accounts:letter_html", args=["one"]))

    assert "<p>Rich words</p>" in response.content.decode()
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-popups" in policy
    assert response.headers["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["missing", "..secret", "..%2Fsecret"])
def test_a_mail_outside_the_folder_is_not_found(client, letters, name):
    assert client.get(f"/dev/mail/{name}/").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["mail", "letter", "letter_html"])
def test_production_shows_no_mails(client, letters, settings, page):
    settings.IS_DEVELOPMENT = False
    arguments = [] if page == "mail" else ["one"]

    assert client.get(reverse(f"accounts:{page}", args=arguments)).status_code == 404

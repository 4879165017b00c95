from datetime import timedelta
from smtplib import SMTPServerDisconnected

import pytest
from django.core import mail
from django.db import transaction
from django.template import TemplateDoesNotExist
from django.utils import timezone

from marketplace.accounts import emails, periodic, tasks
from marketplace.accounts.models import Notification, OutgoingMail
from marketplace.accounts.notifications import notify, queue_mail
from tests.factories import make_user
from tests.races import at_once

pytestmark = pytest.mark.usefixtures("eager_tasks")


@pytest.fixture(autouse=True)
def template(settings, tmp_path):
    """A message of the tests' own: `test_message`."""
    (tmp_path / "emails").mkdir()
    (tmp_path / "emails" / "test_message.txt").write_text("{{ shop }} is open.\n")
    engine, *others = settings.TEMPLATES
    folders = [tmp_path, *engine["DIRS"]]
    settings.TEMPLATES = [engine | {"DIRS": folders}, *others]


@pytest.fixture
def sent(monkeypatch):
    """Primary keys that were handed to the queue."""
    keys = []
    monkeypatch.setattr(tasks.send_mail, "delay", keys.append)
    return keys


def make_mail(**fields):
    fields = {"recipient": "a@example.com", "subject": "Hello", "text": "Text"} | fields
    return OutgoingMail.objects.create(**fields)


@pytest.mark.django_db
def test_a_user_gets_an_inbox_message_and_a_mail(
    settings, django_capture_on_commit_callbacks
):
    settings.SITE_URL = "https://shop.example"
    user = make_user(name="Ann Day")

    with django_capture_on_commit_callbacks(execute=True):
        notify(user, "Shop open", "test_message", {"shop": "Tom & Jerry"}, "/s/tom/")

    message = user.notifications.get()
    assert message.subject == "Shop open"
    assert message.body == "Tom & Jerry is open."
    assert message.url == "/s/tom/"
    assert message.read_at is None
    [letter] = mail.outbox
    assert letter.to == [user.email]
    assert letter.subject == "Shop open"
    assert "Hello Ann Day," in letter.body
    assert "Tom & Jerry is open." in letter.body
    assert "https://shop.example/s/tom/" in letter.body
    [(html, kind)] = letter.alternatives
    assert kind == "text/html"
    assert "Tom &amp; Jerry is open." in html
    assert 'href="https://shop.example/s/tom/"' in html


@pytest.mark.django_db
def test_a_guest_gets_the_mail_alone(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        notify("guest@example.com", "Shop open", "test_message", {"shop": "Tom"})

    assert [letter.to for letter in mail.outbox] == [["guest@example.com"]]
    assert Notification.objects.exists() is False


@pytest.mark.django_db
def test_a_subject_cannot_carry_headers(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        notify("a@example.com", "One\r\nBcc: b@example.com", "test_message")

    [letter] = mail.outbox
    assert letter.subject == "One Bcc: b@example.com"
    assert letter.recipients() == ["a@example.com"]


@pytest.mark.django_db
def test_a_message_without_its_template_leaves_nothing_behind():
    with pytest.raises(TemplateDoesNotExist):
        notify(make_user(), "Hello", "no_such_message")

    assert Notification.objects.exists() is False
    assert OutgoingMail.objects.exists() is False


@pytest.mark.django_db(transaction=True)
def test_nothing_is_sent_when_the_transaction_is_undone(sent):
    with transaction.atomic():
        queue_mail("a@example.com", "Hello", "Text")
        transaction.set_rollback(True)

    assert sent == []
    assert OutgoingMail.objects.exists() is False


@pytest.mark.django_db
def test_a_mail_is_sent_once_and_then_keeps_no_text():
    letter = make_mail(html="<p>Text</p>")

    tasks.send_mail(letter.pk)
    tasks.send_mail(letter.pk)

    assert len(mail.outbox) == 1
    letter.refresh_from_db()
    assert letter.sent_at is not None
    assert (letter.text, letter.html) == ("", "")


@pytest.mark.django_db
def test_a_refused_mail_waits_longer_each_time(monkeypatch, sent):
    def refuse(message):
        raise SMTPServerDisconnected("try later")

    monkeypatch.setattr(emails.EmailMultiAlternatives, "send", refuse)
    letter = make_mail()

    for minutes in [2, 4, 8]:
        OutgoingMail.objects.update(next_attempt_at=timezone.now())
        tasks.send_mail(letter.pk)
        letter.refresh_from_db()
        pause = letter.next_attempt_at - timezone.now()
        assert timedelta(minutes=minutes - 1) < pause <= timedelta(minutes=minutes)

    assert letter.failure == "try later"
    assert letter.sent_at is None
    periodic.send_due_mails()
    assert sent == []


@pytest.mark.django_db
def test_the_sweep_takes_up_what_the_queue_lost(sent):
    lost = make_mail()
    make_mail(sent_at=timezone.now())
    make_mail(next_attempt_at=timezone.now() + timedelta(minutes=1))
    make_mail(attempts=OutgoingMail.MAX_ATTEMPTS)

    periodic.send_due_mails()

    assert sent == [lost.pk]


def claims(letter):
    """How many of three workers believe that the mail is theirs to send."""
    workers = [OutgoingMail.objects.get(pk=letter.pk) for _ in range(3)]
    return at_once(*(worker.claim for worker in workers)).count(True)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_several_workers_one_sends_the_mail():
    assert claims(make_mail()) == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_condition_several_would(monkeypatch):
    """Negative control: the race above is a real one."""
    monkeypatch.setattr(OutgoingMail, "claim", lambda mail: mail.sent_at is None)

    assert claims(make_mail()) > 1

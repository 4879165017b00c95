"""Between tests that commit, the database is as the migrations have left it."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from marketplace.accounts.models import User
from tests.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)


def rights():
    return set(Group.objects.values_list("name", "permissions__codename"))


def empty():
    call_command("flush", verbosity=0, interactive=False, reset_sequences=False)


def test_rows_go_and_the_rights_of_the_desk_stay():
    before, number = rights(), Permission.objects.order_by("pk").first().pk
    make_user().groups.set(Group.objects.all())

    empty()

    assert not User.objects.exists()
    assert not User.groups.through.objects.exists()
    assert rights() == before != set()
    assert Permission.objects.order_by("pk").first().pk == number


def test_rights_that_a_test_has_changed_are_as_they_were():
    before = rights()
    Group.objects.create(name="Friends")
    Permission.objects.filter(codename="view_video").delete()
    assert rights() != before

    empty()
    assert rights() == before

    Group.objects.all().delete()
    empty()
    assert rights() == before

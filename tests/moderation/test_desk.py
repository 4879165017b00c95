import pytest
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.urls import reverse

from checkout.models import Order
from marketplace.accounts.models import User
from marketplace.moderation.models import ModerationDecision
from sellers.models import Seller
from tests.factories import (
    make_order,
    make_product,
    make_report,
    make_seller,
    make_staff,
    make_user,
    make_variant,
    make_video,
)
from videos.models import Video

Role = User.Role
MODERATION = {
    "auditlog_logentry",
    "checkout_order",
    "checkout_ordergroup",
    "checkout_refund",
    "checkout_returnrequest",
    "moderation_moderationdecision",
    "checkout_invoice",
    "moderation_report",
    "sellers_category",
    "sellers_product",
    "sellers_seller",
    "videos_video",
}
OPERATION = {
    "accounts_notification",
    "accounts_outgoingmail",
    "accounts_user",
    "checkout_journalentry",
    "checkout_commissionrule",
    "checkout_coupon",
    "checkout_dispute",
    "checkout_payment",
    "checkout_payout",
    "checkout_payoutterms",
    "checkout_reconciliationdifference",
    "checkout_reserve",
    "checkout_sellerdebt",
    "checkout_stripeevent",
    "checkout_taxrecord",
    "checkout_taxreversal",
    "checkout_transfer",
    "sellers_catalogimport",
    "videos_experiment",
    "videos_feedmodel",
}


def pages():
    """Every list of the desk, by the name of its address."""
    return sorted(
        f"{model._meta.app_label}_{model._meta.model_name}"
        for model in admin.site._registry
    )


def sign_in(client, *roles, **fields):
    person = make_staff(*roles, **fields)
    client.force_login(person)
    return person


def statuses(client, suffix="changelist"):
    names = pages()
    return {n: client.get(reverse(f"admin:{n}_{suffix}")).status_code for n in names}


@pytest.mark.django_db
def test_nobody_is_sent_to_the_door_of_the_site(client):
    response = client.get(reverse("admin:index"), follow=True)

    assert response.redirect_chain[-1][0].startswith(reverse("account_login"))


@pytest.mark.django_db
def test_a_shopper_has_no_business_here(client):
    client.force_login(make_user())

    assert client.get(reverse("admin:login")).status_code == 403
    assert set(statuses(client).values()) == {302}


@pytest.mark.django_db
def test_staff_without_a_role_see_nothing(client):
    sign_in(client)

    assert set(statuses(client).values()) == {403}


@pytest.mark.django_db
def test_a_moderator_sees_moderation_and_the_orders_to_refund(client):
    sign_in(client, Role.MODERATOR)

    seen = {name for name, status in statuses(client).items() if status == 200}

    assert seen == MODERATION


@pytest.mark.django_db
def test_an_operator_sees_money_and_people_too(client):
    sign_in(client, Role.OPERATOR)

    seen = {name for name, status in statuses(client).items() if status == 200}

    assert seen == MODERATION | OPERATION


@pytest.mark.django_db
def test_a_new_version_brings_the_groups_their_new_rights():
    operators = Group.objects.get(name=Role.OPERATOR.value)
    rights = set(operators.permissions.all())
    operators.permissions.remove(*list(rights)[:3])

    call_command("migrate", "moderation", verbosity=0)

    assert set(operators.permissions.all()) == rights


@pytest.mark.django_db
def test_a_superuser_sees_every_page(client):
    sign_in(client, is_superuser=True)

    assert set(statuses(client).values()) == {200}


@pytest.mark.django_db
@pytest.mark.parametrize("role", [Role.MODERATOR, Role.OPERATOR])
def test_little_is_added_by_hand(client, role):
    sign_in(client, role)

    added = {n for n, status in statuses(client, "add").items() if status == 200}

    by_operators = {
        "sellers_category",
        "checkout_coupon",
        "checkout_commissionrule",
        "checkout_payoutterms",
        "videos_experiment",
    }
    assert added == (by_operators if role == Role.OPERATOR else set())


@pytest.mark.django_db
def test_money_cannot_be_changed_even_by_a_superuser(client):
    sign_in(client, is_superuser=True)
    order = make_order()
    page = reverse("admin:checkout_order_change", args=[order.pk])

    response = client.post(page, {"total_minor": 1, "status": "paid"})

    assert response.status_code == 403
    assert Order.objects.get().total_minor == order.total_minor


@pytest.mark.django_db
def test_an_operator_cannot_become_a_superuser(client):
    operator = sign_in(client, Role.OPERATOR)
    shopper = make_user()
    form = {"name": "New", "is_active": "on", "is_staff": "on", "is_superuser": "on"}

    for person in (operator, shopper):
        client.post(reverse("admin:accounts_user_change", args=[person.pk]), form)

    assert User.objects.filter(is_superuser=True).exists() is False
    assert User.objects.get(pk=operator.pk).name == ""
    changed = User.objects.get(pk=shopper.pk)
    assert (changed.name, changed.is_staff) == ("New", False)


@pytest.mark.django_db
def test_staff_need_a_second_step_where_it_is_required(client, settings):
    settings.STAFF_MFA_REQUIRED = True
    person = sign_in(client, Role.MODERATOR)

    refused = client.get(reverse("admin:index"), follow=True)
    Authenticator.objects.create(
        user=person, type=Authenticator.Type.TOTP, data={"secret": "x"}
    )
    allowed = client.get(reverse("admin:index"))

    assert refused.redirect_chain[-1][0] == reverse("mfa_index")
    assert allowed.status_code == 200


@pytest.mark.django_db
def test_only_the_desk_may_evaluate_and_style_inline(client):
    sign_in(client, Role.MODERATOR)

    desk = client.get(reverse("admin:index")).headers["Content-Security-Policy"]
    site = client.get(reverse("accounts:account")).headers["Content-Security-Policy"]

    assert "'unsafe-eval'" in desk
    assert "script-src 'self' 'unsafe-inline'" not in desk
    assert "unsafe" not in site


def decide_url(obj, choice):
    name = f"admin:{obj._meta.app_label}_{obj._meta.model_name}_decide"
    return reverse(name, args=[obj.pk, choice])


@pytest.mark.django_db
def test_a_refusal_needs_a_reason(client):
    sign_in(client, Role.MODERATOR)
    seller = make_seller(status=Seller.Status.PENDING)

    response = client.post(decide_url(seller, "reject"), {"details": " "})

    assert response.status_code == 200
    seller.refresh_from_db()
    assert seller.status == Seller.Status.PENDING
    assert ModerationDecision.objects.exists() is False


@pytest.mark.django_db
def test_a_moderator_rejects_with_a_reason_and_the_page_shows_the_trail(client):
    moderator = sign_in(client, Role.MODERATOR, name="Mo")
    seller = make_seller(status=Seller.Status.PENDING)

    response = client.post(
        decide_url(seller, "reject"), {"details": "Who are you?"}, follow=True
    )

    seller.refresh_from_db()
    assert seller.status == Seller.Status.REJECTED
    assert ModerationDecision.objects.get().decided_by == moderator
    assert "Who are you?" in response.content.decode()


@pytest.mark.django_db
def test_the_second_moderator_is_told(client):
    sign_in(client, Role.MODERATOR)
    video = make_video(publication=Video.Publication.DRAFT)

    response = client.post(decide_url(video, "approve"), follow=True)

    assert "decided in the meantime" in response.content.decode()
    assert ModerationDecision.objects.exists() is False


@pytest.mark.django_db
def test_looking_does_not_decide(client):
    sign_in(client, Role.MODERATOR)
    video = make_video(publication=Video.Publication.IN_REVIEW)

    response = client.get(decide_url(video, "approve"))

    assert response.status_code == 200
    video.refresh_from_db()
    assert video.publication == Video.Publication.IN_REVIEW


@pytest.mark.django_db
def test_who_may_not_decide_does_not(client):
    staff = sign_in(client)
    staff.user_permissions.add(
        *staff.user_permissions.model.objects.filter(codename="view_video")
    )
    video = make_video(publication=Video.Publication.IN_REVIEW)

    page = client.get(reverse("admin:videos_video_change", args=[video.pk]))
    response = client.post(decide_url(video, "approve"))

    assert response.status_code == 403
    assert "decide/approve" not in page.content.decode()
    video.refresh_from_db()
    assert video.publication == Video.Publication.IN_REVIEW


@pytest.mark.django_db
def test_every_object_has_a_page(client):
    sign_in(client, is_superuser=True)
    video = make_video()
    objects = [
        video,
        video.seller,
        make_variant().product,
        make_order(),
        make_order().group,
        make_report(subject=video),
        make_user(),
    ]

    for obj in objects:
        name = f"admin:{obj._meta.app_label}_{obj._meta.model_name}_change"
        assert client.get(reverse(name, args=[obj.pk])).status_code == 200


@pytest.mark.django_db
def test_the_player_needs_no_script(client):
    sign_in(client, Role.MODERATOR)
    video = make_video()

    page = client.get(reverse("admin:videos_video_change", args=[video.pk]))

    assert f'src="{video.mp4_url}"' in page.content.decode()


@pytest.mark.django_db
def test_the_dashboard_counts_what_waits(client):
    sign_in(client, Role.OPERATOR)
    make_seller(status=Seller.Status.PENDING)
    make_product(status="in_review")
    make_product(status="in_review")

    response = client.get(reverse("admin:index"))

    counts = {str(q.label): q.count for q in response.context["queues"]}
    assert counts["Applications to sell"] == 1
    assert counts["Products in review"] == 2
    assert counts["Reports"] == 0
    assert response.context["figures"]


@pytest.mark.django_db
def test_a_moderator_sees_no_figures_of_money(client):
    sign_in(client, Role.MODERATOR)

    response = client.get(reverse("admin:index"))

    assert "figures" not in response.context


@pytest.mark.django_db
def test_only_what_is_public_links_to_its_page(client):
    sign_in(client, Role.MODERATOR)
    public, hidden = make_video(), make_video(publication="draft")

    pages = [
        client.get(reverse("admin:videos_video_change", args=[video.pk]))
        for video in (public, hidden)
    ]

    shown = [page.context.get("absolute_url") for page in pages]
    assert shown == [public.get_absolute_url(), None]

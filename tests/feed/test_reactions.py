from threading import Barrier

import pytest
from django.urls import reverse

from sellers.models import Follow
from tests.factories import make_seller, make_user, make_video
from tests.races import at_once
from videos.feed.reactions import set_reaction
from videos.models import Engagement, Video

LIKE = Engagement.Kind.LIKE


@pytest.mark.django_db
def test_a_like_is_counted_once_however_often_it_is_sent(client):
    user, video = make_user(), make_video()
    client.force_login(user)

    for _ in range(2):
        client.post(reverse("videos:like", args=[video.public_id]), {"on": "1"})

    video.refresh_from_db()
    assert video.like_count == 1
    assert Engagement.objects.get().user == user


@pytest.mark.django_db
def test_taking_a_like_back_twice_counts_once():
    user, video = make_user(), make_video(like_count=4)
    set_reaction(video, user, LIKE, True)

    set_reaction(video, user, LIKE, False)
    set_reaction(video, user, LIKE, False)

    video.refresh_from_db()
    assert video.like_count == 4
    assert Engagement.objects.exists() is False


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_on", [True, False])
def test_clicks_at_once_move_the_counter_once(is_on):
    user, video = make_user(), make_video()
    if not is_on:
        set_reaction(video, user, LIKE, True)

    copies = [Video.objects.get(pk=video.pk) for _ in range(4)]
    results = at_once(
        *(lambda v=copy: set_reaction(v, user, LIKE, is_on) for copy in copies)
    )

    video.refresh_from_db()
    assert results == [None] * 4
    assert video.like_count == int(is_on)
    assert Engagement.objects.count() == int(is_on)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_likes_of_several_people_at_once_are_all_counted():
    video, people = make_video(), [make_user() for _ in range(4)]

    copies = [Video.objects.get(pk=video.pk) for _ in people]
    at_once(
        *(
            lambda v=copy, u=user: set_reaction(v, u, LIKE, True)
            for copy, user in zip(copies, people, strict=True)
        )
    )

    video.refresh_from_db()
    assert video.like_count == 4


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_counting_in_python_would_lose_likes():
    """The negative control: what the test above would catch."""
    video, people = make_video(), [make_user() for _ in range(4)]
    have_all_read = Barrier(len(people))

    def like_naively(user):
        copy = Video.objects.get(pk=video.pk)
        have_all_read.wait(timeout=30)
        Engagement.objects.create(video=copy, user=user, kind=LIKE)
        copy.like_count += 1
        copy.save(update_fields=["like_count"])

    at_once(*(lambda u=user: like_naively(u) for user in people))

    video.refresh_from_db()
    assert Engagement.objects.count() == 4
    assert video.like_count == 1


@pytest.mark.django_db
def test_htmx_gets_the_button_in_its_new_state(client):
    video = make_video()
    client.force_login(make_user())

    answer = client.post(
        reverse("videos:save", args=[video.public_id]),
        {"on": "1"},
        headers={"HX-Request": "true"},
    )

    assert 'aria-pressed="true"' in answer.content.decode()
    assert 'name="on" value="0"' in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("action", ["like", "save"])
def test_a_guest_is_sent_to_sign_in_and_back(client, action):
    video = make_video()

    answer = client.post(
        reverse(f"videos:{action}", args=[video.public_id]),
        {"on": "1"},
        headers={"Referer": f"http://testserver{video.get_absolute_url()}"},
    )

    next_page = video.get_absolute_url().replace("/", "%2F")
    assert answer.url == f"{reverse('account_login')}?next={next_page}"
    assert Engagement.objects.exists() is False


@pytest.mark.django_db
def test_a_hidden_video_cannot_be_liked(client):
    video = make_video(publication=Video.Publication.REJECTED)
    client.force_login(make_user())

    answer = client.post(reverse("videos:like", args=[video.public_id]), {"on": "1"})

    assert answer.status_code == 404
    assert Engagement.objects.exists() is False


@pytest.mark.django_db
def test_following_twice_follows_once_and_unfollowing_ends_it(client):
    user, shop = make_user(), make_seller()
    client.force_login(user)
    url = reverse("videos:follow", args=[shop.slug])

    for _ in range(2):
        client.post(url, {"on": "1"})
    assert Follow.objects.get().seller == shop

    for _ in range(2):
        client.post(url, {"on": "0"})
    assert Follow.objects.exists() is False

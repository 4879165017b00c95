"""What the endpoint takes, and what it refuses."""

import json

import pytest
from django.core.management import call_command

from tests.factories import make_product, make_tag, make_user, make_video
from tests.feed.telling import (
    SECOND,
    VIEWER,
    post,
    refused,
    tell,
    token_of,
    told,
    waiting,
    write,
)
from videos.feed import events, tokens
from videos.feed.counting import add_up_events
from videos.models import Impression, Video, WatchEvent

pytestmark = pytest.mark.django_db


def test_what_was_seen_and_watched_is_written_down(viewer):
    video = make_video(duration_ms=8000)
    token = token_of(video, position=3)

    answer = tell(
        viewer,
        told(video, token=token),
        told(video, "watch", token=token, watched_ms=4200, share=525, skip=True),
    )

    assert answer.status_code == 202
    assert answer.json() == {"recorded": 2, "refused": {}}
    assert Impression.objects.exists() is False
    assert write() == 2
    impression, watch = Impression.objects.get(), WatchEvent.objects.get()
    assert (impression.video, impression.viewer) == (video, VIEWER)
    assert impression.position == 3
    assert (watch.kind, watch.watched_ms, watch.share) == ("watch", 4200, 525)
    assert (watch.is_skip, watch.loops, watch.user) == (True, 0, None)
    assert impression.created_at == watch.created_at < impression.written_at


def test_a_page_gives_tokens_that_its_browser_can_use(client, stream):
    first, second = make_video(), make_video()
    page = client.get("/api/feed").json()["videos"]

    answer = tell(
        client, *({"token": video["token"], "kind": "impression"} for video in page)
    )

    assert answer.json() == {"recorded": 2, "refused": {}}
    write()
    shown = Impression.objects.order_by("created_at")
    assert {seen.video for seen in shown} == {first, second}
    assert [seen.position for seen in shown] == [0, 1]
    assert {seen.viewer for seen in shown} == {client.cookies["viewer"].value}


@pytest.mark.parametrize("address", ["/", "/v/{}/"])
def test_pages_show_tokens_that_their_browser_can_use(client, stream, address):
    video = make_video()
    html = client.get(address.format(video.public_id)).text
    token = html.partition('data-token="')[2].partition('"')[0]

    answer = tell(client, {"token": token, "kind": "impression"})

    assert answer.json()["recorded"] == 1


def test_a_signed_in_person_is_known_without_a_csrf_token(viewer):
    user, video = make_user(), make_video()
    viewer.handler.enforce_csrf_checks = True
    viewer.force_login(user)

    tell(viewer, told(video))

    write()
    assert Impression.objects.get().user == user


def test_guests_ask_nothing_of_the_database(viewer, django_assert_num_queries):
    batch = [told(make_video()) for _ in range(50)]

    with django_assert_num_queries(0):
        answer = tell(viewer, *batch)

    assert answer.json()["recorded"] == 50


def test_every_kind_that_a_browser_may_tell_is_kept(viewer):
    tag = make_tag()
    kinds = sorted(events.KINDS - {"impression"})
    batch = [told(tag.video, kind, product=tag.product_id) for kind in kinds]

    assert tell(viewer, *batch).json() == {"recorded": len(kinds), "refused": {}}

    write()
    kept = WatchEvent.objects.values_list("kind", "product")
    products = dict.fromkeys(kinds) | dict.fromkeys(
        ("cart", "tag", "tag_seen"), tag.product_id
    )
    assert dict(kept) == products


def test_purchases_are_told_by_the_checkout_alone(viewer):
    video = make_video()

    answer = tell(viewer, told(video, "purchase"), told(video, "refund"))

    assert answer.json() == {"recorded": 0, "refused": {"malformed": 2}}
    assert waiting() == 0


def forged(video):
    token = token_of(video)
    return token[:-1] + ("-" if token[-1] != "-" else "_")


def of_another_video(video):
    number, rest = token_of(video).split(".", 1)
    return f"{int(number, 36) + 1:x}.{rest}"


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        (forged, "forged"),
        (of_another_video, "forged"),
        (lambda video: token_of(video, viewer="w" * 22), "forged"),
        (lambda video: token_of(video) + "\n", "forged"),
        (lambda video: "٣.0.abc." + "x" * 22, "forged"),
        (lambda video: "", "forged"),
        (lambda video: None, "forged"),
        (lambda video: ["a"], "forged"),
        (lambda video: token_of(video, ago=25 * 3600 * SECOND), "late"),
        (lambda video: token_of(video, ago=-3600 * SECOND), "early"),
    ],
)
def test_what_was_not_shown_to_this_viewer_is_refused_and_counted(
    viewer, token, reason
):
    video = make_video()
    event = {"token": token(video), "kind": "watch", "watched_ms": 8000}

    answer = tell(viewer, event, told(video))

    assert answer.json() == {"recorded": 1, "refused": {reason: 1}}
    assert refused() == {reason: 1}
    assert write() == 1
    assert WatchEvent.objects.exists() is False


def test_a_clock_that_is_a_little_fast_costs_nothing(viewer):
    video = make_video(duration_ms=8000)
    token = token_of(video, ago=-30 * SECOND)

    answer = tell(viewer, told(video, "watch", token=token, watched_ms=9000))

    assert answer.json()["recorded"] == 1
    write()
    # No longer than what the page may have been on its way.
    assert WatchEvent.objects.get().watched_ms == events.SLACK_MS


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        # As long as the video, unless it began again.
        ({"watched_ms": 30_000}, (8000, 0, 0)),
        ({"watched_ms": 30_000, "loops": 1}, (16_000, 0, 1)),
        ({"watched_ms": 30_000, "loops": 10**9}, (30_000, 0, 3)),
        # The page was given out a minute ago.
        ({"watched_ms": 100_000, "loops": 99}, (62_000, 0, 7)),
        # Of four seconds nobody has seen more than half.
        ({"watched_ms": 4000, "share": 1000}, (4000, 500, 0)),
    ],
)
def test_absurd_times_are_capped(viewer, fields, kept):
    video = make_video(duration_ms=8000)

    tell(viewer, told(video, "watch", **fields))

    write()
    watch = WatchEvent.objects.get()
    assert (watch.watched_ms // 100 * 100, watch.share, watch.loops) == kept


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"watched_ms": 3_600_000}, "absurd"),
        ({"watched_ms": 10**30}, "absurd"),
        ({"share": 1001}, "absurd"),
        ({"nth": events.WATCHES}, "absurd"),
        ({"loops": 2**63}, "absurd"),
        ({"watched_ms": -1}, "malformed"),
        ({"watched_ms": 1.5}, "malformed"),
        ({"watched_ms": "long"}, "malformed"),
        ({"watched_ms": True}, "malformed"),
        ({"watched_ms": float("nan")}, "malformed"),
        ({"watched_ms": None}, "malformed"),
        ({"loops": -1}, "malformed"),
        ({"kind": "\ud800"}, "malformed"),
        ({"kind": ["watch"]}, "malformed"),
        ({"kind": "purchase"}, "malformed"),
        ({"kind": "report"}, "malformed"),
        ({"kind": "comment"}, "malformed"),
    ],
)
def test_what_cannot_be_is_refused_and_counted(viewer, fields, reason):
    event = told(make_video(), "watch") | fields

    answer = tell(viewer, event)

    assert answer.json() == {"recorded": 0, "refused": {reason: 1}}
    assert refused() == {reason: 1}
    assert waiting() == 0


@pytest.mark.parametrize("event", ["watch", None, [], 7, {}])
def test_one_bad_event_leaves_the_others_alone(viewer, event):
    answer = tell(viewer, event, told(make_video()))

    assert answer.status_code == 202
    assert answer.json()["recorded"] == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"events": {}}',
        b'{"events": []}',
        b'{"events": 7}',
        b"\xff\xfe",
        b"[" * 60_000,
        b'{"events": [' + b"9" * 5000 + b"]}",
    ],
)
def test_broken_bodies_are_refused_and_counted(viewer, body):
    answer = post(viewer, body)

    assert answer.status_code == 400
    assert refused() == {"malformed": 1}
    assert waiting() == 0


def test_more_than_fifty_events_are_refused(viewer):
    video = make_video()

    answers = [tell(viewer, *[told(video)] * count) for count in (50, 51)]

    assert [answer.status_code for answer in answers] == [202, 400]
    assert refused() == {"large": 1}
    assert waiting() == 1


def test_a_body_of_any_length_is_not_read_to_its_end(viewer):
    body = json.dumps({"events": [{"token": "x" * events.MAX_BYTES}]})

    assert post(viewer, body).status_code == 400
    assert refused() == {"large": 1}


def test_without_a_pseudonym_nothing_is_taken(client, stream):
    answer = tell(client, told(make_video(), token=tokens.sign("", 1)))

    assert answer.status_code == 400
    assert waiting() == 0


def test_unknown_and_hidden_videos_are_passed_over(viewer):
    shown = make_video()
    hidden = make_video(publication=Video.Publication.DRAFT)
    gone = told(make_video())
    Video.objects.exclude(pk__in=[shown.pk, hidden.pk]).delete()

    tell(viewer, told(shown), told(hidden), gone)

    assert write() == 1
    assert Impression.objects.get().video == shown


def test_a_product_counts_only_for_a_video_that_shows_it(viewer):
    tag, other = make_tag(), make_product()

    tell(
        viewer,
        told(tag.video, "tag", product=tag.product_id),
        told(tag.video, "tag", product=other.pk),
        told(tag.video, "cart", product=tag.product_id),
        told(tag.video, "cart"),
    )

    assert write() == 2
    assert set(WatchEvent.objects.values_list("product", flat=True)) == {tag.product_id}


def test_counters_are_added_up_and_adding_again_changes_nothing(viewer):
    video, other = make_video(), make_video(view_count=5)
    for ago in (60, 3600):
        tell(viewer, told(video, token=token_of(video, ago=ago * SECOND)))
    tell(viewer, told(video, "share"), told(other))
    write()

    for _ in range(2):
        add_up_events()
        video.refresh_from_db()
        assert (video.view_count, video.share_count) == (2, 1)
    # What was counted once stays when the rows are gone.
    Impression.objects.all().delete()
    add_up_events()
    other.refresh_from_db()
    assert other.view_count == 6


def test_the_operator_reads_what_waits_and_what_was_refused(viewer, capsys):
    tell(viewer, told(make_video()), {}, told(make_video(), "nonsense"))

    call_command("feed_events")

    said = capsys.readouterr().out
    assert "1 batches wait" in said
    assert "1 forged, 1 malformed" in said
    assert "videos_impression: 8 days" in said

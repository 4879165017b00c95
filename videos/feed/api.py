"""The feed as JSON, live offers, and the endpoint that events are sent to."""

from functools import lru_cache

from django.shortcuts import get_object_or_404
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.authentication import SessionAuthentication
from rest_framework.decorators import (
    api_view,
    authentication_classes,
    parser_classes,
)
from rest_framework.exceptions import ParseError, Throttled
from rest_framework.parsers import JSONParser
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from marketplace.video_addresses import expiry
from videos.feed import events, ranking_logs, sessions, tokens
from videos.feed.clips import load_page, shown_tags, tags_of
from videos.feed.gates import public_videos
from videos.feed.gauges import served
from videos.feed.viewers import name_viewer, renew_viewer, viewer_for, viewer_of
from videos.feed.watchers import account_of, watcher_of
from videos.models import Video


class TaggedProductSerializer(serializers.Serializer):
    tag = serializers.IntegerField(source="pk")
    title = serializers.CharField()
    url = serializers.CharField()
    starts_ms = serializers.IntegerField()
    ends_ms = serializers.IntegerField()
    price = serializers.CharField(source="offer.price")
    price_minor = serializers.IntegerField(source="offer.lowest_minor")
    currency = serializers.CharField(source="offer.currency")
    is_sold_out = serializers.BooleanField(source="offer.is_sold_out")


class ClipSerializer(serializers.Serializer):
    id = serializers.CharField(source="public_id")
    title = serializers.CharField()
    url = serializers.CharField(source="get_absolute_url")
    playlist = serializers.CharField(source="playlist_url")
    mp4 = serializers.CharField(source="mp4_url")
    poster = serializers.CharField(source="poster_url")
    duration_ms = serializers.IntegerField()
    seller = serializers.CharField(source="seller.name")
    like_count = serializers.IntegerField()
    products = TaggedProductSerializer(source="shown_tags", many=True)


@lru_cache(maxsize=1000)
def clip_as_json(language, expires, clip):
    """Once as long as nothing about the clip changes and its addresses last."""
    return ClipSerializer(clip).data


class ShownClipSerializer(ClipSerializer):
    token = serializers.CharField(help_text="Goes with each event of this video.")


class FeedSerializer(serializers.Serializer):
    videos = ShownClipSerializer(many=True)
    next = serializers.CharField(allow_null=True)


@extend_schema(
    parameters=[OpenApiParameter("cursor", str, description="From the last page.")],
    responses=FeedSerializer,
)
@api_view(["GET"])
@served
def api_feed(request):
    """Ten videos of the feed and the cursor of the next ten."""
    cursor = request.query_params.get("cursor", "")
    watcher = watcher_of(request)
    try:
        page = (
            sessions.continue_feed(public_videos(), watcher, cursor)
            if cursor
            else sessions.open_feed(public_videos(), watcher)
        )
    except sessions.BadCursor:
        raise serializers.ValidationError({"cursor": ["Unknown cursor."]}) from None
    if page.is_first and not watcher.is_profiled:
        renew_viewer(request)
    ranking_logs.note(page, watcher)
    language, expires = get_language(), expiry()
    clips = load_page(page.keys, request.user)
    named = viewer_for(request)
    places = {place.key: place.at for place in page.places}
    videos = [
        clip_as_json(language, expires, clip)
        | {"token": tokens.sign(named, clip.pk, places[clip.pk])}
        for clip in clips
    ]
    return name_viewer(request, Response({"videos": videos, "next": page.next_cursor}))


class AddressesSerializer(serializers.Serializer):
    playlist = serializers.CharField()
    mp4 = serializers.CharField()
    poster = serializers.CharField()
    captions = serializers.DictField(child=serializers.CharField())
    seconds = serializers.IntegerField()


@extend_schema(responses=AddressesSerializer)
@api_view(["GET"])
@never_cache
def api_addresses(request, public_id):
    """Of a video's files: signed, and good for so many seconds from now."""
    video = get_object_or_404(Video.objects.published(), public_id=public_id)
    return Response(AddressesSerializer(video.addresses()).data)


@extend_schema(responses=TaggedProductSerializer(many=True))
@api_view(["GET"])
def api_offers(request, public_id):
    """Prices and stock of a video's products at this moment."""
    video = get_object_or_404(Video.objects.published(), public_id=public_id)
    tags = shown_tags(tags_of(video.pk))
    return Response(TaggedProductSerializer(tags, many=True).data)


class BeaconAuthentication(SessionAuthentication):
    """Without the CSRF token, which `navigator.sendBeacon` cannot send as a header.

    The session cookie is SameSite=Lax, so no other site acts in a person's name, and
    nothing but figures is written.
    """

    def enforce_csrf(self, request):
        return


class EventSerializer(serializers.Serializer):
    token = serializers.CharField(help_text="Of the page that showed the video.")
    kind = serializers.ChoiceField(sorted(events.KINDS))
    watched_ms = serializers.IntegerField(required=False)
    share = serializers.IntegerField(
        required=False, max_value=1000, help_text="Of the video, in thousandths."
    )
    loops = serializers.IntegerField(required=False)
    skip = serializers.BooleanField(required=False)
    nth = serializers.IntegerField(
        required=False, help_text="How often it was watched before, on this page."
    )
    product = serializers.IntegerField(
        required=False, help_text="Its number, with tag_seen, tag and cart."
    )


class EventsSerializer(serializers.Serializer):
    events = serializers.ListField(
        child=EventSerializer(), min_length=1, max_length=events.MAX_EVENTS
    )


class ReceiptSerializer(serializers.Serializer):
    recorded = serializers.IntegerField()
    refused = serializers.DictField(child=serializers.IntegerField())


@extend_schema(
    request=EventsSerializer,
    responses={202: ReceiptSerializer},
    auth=[{"cookieAuth": []}, {}],
)
@api_view(["POST"])
@authentication_classes([BeaconAuthentication])
@parser_classes([JSONParser])
def api_events(request):
    """What was seen, watched and tapped, up to fifty events at a time."""
    viewer = viewer_of(request)
    if not viewer:
        raise serializers.ValidationError({"viewer": ["Open the feed first."]})
    try:
        # As it came: Django's own reader trips over what is nested too deep.
        sent = events.read_batch(request.read(events.MAX_BYTES + 1))
        receipt = events.receive(sent, sender_of(request, viewer))
    except events.BadBatch as reason:
        events.note_refused({str(reason): 1})
        raise ParseError(f"One to {events.MAX_EVENTS} events.") from None
    except events.Flood:
        raise Throttled(wait=60) from None
    return Response(receipt._asdict(), status=status.HTTP_202_ACCEPTED)


def sender_of(request, viewer):
    address = BaseThrottle().get_ident(request)
    return events.Sender(viewer, account_of(request), address)

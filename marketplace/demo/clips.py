"""The demo's videos: sent through the real pipeline, tagged by their own shot lists."""

from datetime import timedelta

from django.core.files.base import File
from django.db import transaction
from django.utils import timezone

from marketplace.demo import shopfiles
from videos.captioning import save_track
from videos.captions import Cue
from videos.models import ProductTag, TagHotspot, Video
from videos.tasks import transcode_video

# Where things stand on the picture, by how many there are, in thousandths.
PLACES = {
    1: [(500, 500)],
    2: [(300, 520), (700, 480)],
    3: [(230, 490), (770, 490), (500, 560)],
}


def add_videos(shops, limit=None):
    """One of each shop in turn, so that a feed that is still filling is varied."""
    longest = max((len(shop["videos"]) for shop, _ in shops), default=0)
    turns = [
        (shop, seller, video)
        for nth in range(longest)
        for shop, seller in shops
        for video in shop["videos"][nth : nth + 1]
    ]
    for nth, (shop, seller, video) in enumerate(turns[:limit]):
        if not seller.videos.filter(source_name=name_of(video)).exists():
            add_video(shop, seller, video, nth)


def name_of(video):
    return f"{video['slug']}.mp4"


@transaction.atomic
def add_video(shop, seller, video, nth):
    """Queue the film for transcoding; it is public from the moment it is ready."""
    path = shopfiles.film_path(shop, video)
    published_at = timezone.now() - timedelta(days=1 + 0.7 * nth, hours=nth % 5)
    is_approved = not video.get("in_review")
    states = Video.Publication
    made = Video(
        seller=seller,
        uploaded_by=seller.members.get(role="owner").user,
        title=video["title"],
        description=video["text"],
        source_name=name_of(video),
        source_bytes=path.stat().st_size,
        publication=states.PUBLISHED if is_approved else states.IN_REVIEW,
        submitted_at=published_at - timedelta(hours=2),
        published_at=published_at if is_approved else None,
    )
    with path.open("rb") as film:
        made.source.save(path.name, File(film), save=False)
    made.save()
    Video.objects.filter(pk=made.pk).update(
        created_at=published_at - timedelta(hours=3)
    )
    made.queue()
    tag(shop, seller, video, made)
    caption(video, made)
    transcode_video.delay_on_commit(made.pk)


def tag(shop, seller, video, made):
    """One tag for each time that a product is on screen without a break."""
    for slug, (starts_ms, ends_ms, finishes, place) in appearances(video):
        product = seller.products.get(title=shopfiles.product_of(shop, slug)["title"])
        variant = None
        if len(finishes) == 1:
            colour = shop["option"]["values"][min(finishes)]
            variant = product.variants.filter(option_values__0=colour).first()
        tagged = ProductTag.objects.create(
            video=made,
            product=product,
            variant=variant,
            starts_ms=starts_ms,
            ends_ms=ends_ms,
        )
        x, y = place
        TagHotspot.objects.create(tag=tagged, x_permille=x, y_permille=y)


def appearances(video):
    """(product, (from, to, finishes seen, place)), adjoining shots put together."""
    found, open_now, frame = [], {}, 0
    for shot in video["shots"]:
        starts = round(frame * 1000 / shopfiles.FPS)
        frame += shopfiles.shot_frames(shot)
        ends = round(frame * 1000 / shopfiles.FPS)
        items = shopfiles.shot_items(shot)
        places = PLACES[len(items)]
        still_open = {}
        for (slug, finish), place in zip(items, places, strict=True):
            earlier = still_open.get(slug) or open_now.get(slug)
            if earlier:
                earlier[1] = ends
                earlier[2].add(finish)
            else:
                earlier = [starts, ends, {finish}, place]
                found.append((slug, earlier))
            still_open[slug] = earlier
        open_now = still_open
    return found


def caption(video, made):
    """The words on the screen, for those who cannot see or read them."""
    cues, frame = [], 0
    for shot in video["shots"]:
        starts = frame
        frame += shopfiles.shot_frames(shot)
        words = [shot.get("big", "").replace("|", " "), shot.get("small", "")]
        if text := ": ".join(filter(None, words)):
            cues.append(Cue(milliseconds(starts), milliseconds(frame), text))
    save_track(made, "en", cues)


def milliseconds(frames):
    return round(frames * 1000 / shopfiles.FPS)

"""What search engines and other sites are told of a video: schema.org as JSON-LD."""

import json

from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from marketplace.money import to_major

# As Django's own `json_script`: nothing in the data can end the element.
ESCAPES = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}


def absolute(url: str) -> str:
    return url if "://" in url else f"{settings.SITE_URL}{url}"


def poster_page(video) -> str:
    """An address that lasts, and leads to the file while the video is published."""
    return absolute(reverse("videos:shared_poster", args=[video.public_id]))


def mp4_page(video) -> str:
    """Empty where only the pages of the site may play the video."""
    if settings.VIDEO_DELIVERY == "private":
        return ""
    return absolute(reverse("videos:shared_video", args=[video.public_id]))


def structured_data(video) -> SafeString:
    """JSON-LD for a video with its `shown_tags`."""
    graph = [video_object(video), *(product(tag) for tag in video.shown_tags)]
    text = json.dumps({"@context": "https://schema.org", "@graph": graph})
    return mark_safe(text.translate(ESCAPES))  # noqa: S308 - escaped above


def video_object(video) -> dict:
    content = {"contentUrl": mp4_page(video)} if mp4_page(video) else {}
    return {
        "@type": "VideoObject",
        "name": video.title,
        "description": video.description or video.title,
        "thumbnailUrl": [poster_page(video)],
        "uploadDate": video.published_at.isoformat(),
        "duration": f"PT{video.duration_ms / 1000:.3f}S",
        **content,
        "url": absolute(video.get_absolute_url()),
        "publisher": {"@type": "Organization", "name": video.seller.name},
        "interactionStatistic": {
            "@type": "InteractionCounter",
            "interactionType": {"@type": "LikeAction"},
            "userInteractionCount": video.like_count,
        },
    }


def product(tag) -> dict:
    offer = tag.offer
    sold = "InStock" if offer.in_stock else "BackOrder"
    state = "OutOfStock" if offer.is_sold_out else sold
    return {
        "@type": "Product",
        "name": tag.title,
        "url": absolute(tag.url),
        "image": [absolute(tag.picture.url)] if tag.picture else [],
        "offers": {
            "@type": "AggregateOffer",
            "lowPrice": str(to_major(offer.lowest_minor, offer.currency)),
            "highPrice": str(to_major(offer.highest_minor, offer.currency)),
            "priceCurrency": offer.currency,
            "availability": f"https://schema.org/{state}",
        },
    }

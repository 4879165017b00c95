"""What search engines and other sites are told of a video: schema.org as JSON-LD."""

import json

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from marketplace.money import to_major

# As Django's own `json_script`: nothing in the data can end the element.
ESCAPES = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}


def absolute(url: str) -> str:
    return url if "://" in url else f"{settings.SITE_URL}{url}"


def structured_data(video) -> SafeString:
    """JSON-LD for a video with its `shown_tags`."""
    graph = [video_object(video), *(product(tag) for tag in video.shown_tags)]
    text = json.dumps({"@context": "https://schema.org", "@graph": graph})
    return mark_safe(text.translate(ESCAPES))  # noqa: S308 - escaped above


def video_object(video) -> dict:
    return {
        "@type": "VideoObject",
        "name": video.title,
        "description": video.description or video.title,
        "thumbnailUrl": [absolute(video.poster_url)],
        "uploadDate": video.published_at.isoformat(),
        "duration": f"PT{video.duration_ms / 1000:.3f}S",
        "contentUrl": absolute(video.mp4_url),
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
    stock = "OutOfStock" if offer.is_sold_out else "InStock"
    return {
        "@type": "Product",
        "name": tag.product.title,
        "url": absolute(tag.product.get_absolute_url()),
        "image": [absolute(media.image.url) for media in tag.product.media.all()],
        "offers": {
            "@type": "AggregateOffer",
            "lowPrice": str(to_major(offer.lowest_minor, offer.currency)),
            "highPrice": str(to_major(offer.highest_minor, offer.currency)),
            "priceCurrency": offer.currency,
            "availability": f"https://schema.org/{stock}",
        },
    }

"""Of what fits the words of a search, what the visitor has hidden: named, not shown.

Whoever looks for it by name learns where it is and how it comes back.
"""

from django.db.models import Q, QuerySet

from marketplace.discovery.searching import query_for
from sellers.models import Product, Seller
from videos.feed.watchers import Watcher
from videos.models import FeedChoice, Video

NAMED = 5
KINDS = [FeedChoice.Kind.HIDDEN, FeedChoice.Kind.NOT_INTERESTED]


def hidden_among(text: str, choices: QuerySet, watcher: Watcher) -> list[FeedChoice]:
    """Their wishes that keep something which fits from them; in one query, or none."""
    if not (watcher.videos or watcher.sellers or watcher.products):
        return []
    query = query_for(text)
    products = Product.objects.published().filter(search=query)
    videos = Video.objects.published().filter(search=query)
    shops = Seller.objects.open().filter(search=query)
    of_shops = {"seller__in": watcher.sellers}
    fits = (
        Q(product__in=products.filter(pk__in=watcher.products).values("pk"))
        | Q(video__in=videos.filter(pk__in=watcher.videos).values("pk"))
        | Q(seller__in=shops.filter(pk__in=watcher.sellers).values("pk"))
        | Q(seller__in=products.filter(**of_shops).values("seller"))
        | Q(seller__in=videos.filter(**of_shops).values("seller"))
    )
    found = choices.filter(fits, kind__in=KINDS).order_by("-created_at", "-pk")
    return list(found.select_related("video", "seller", "product")[:NAMED])

"""What the feed believes somebody likes, from what they finished and opened."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from sellers.models import Category, Seller
from videos.feed.viewing import Views
from videos.feed.watchers import Watcher
from videos.models import ProductTag, Video

SHOWN = 12


@dataclass(frozen=True)
class Interest:
    subject: Seller | Category
    # So many videos were finished, or had a product opened.
    videos: int

    @property
    def kind(self):
        return self.subject._meta.model_name


def counted(views: Views, watcher: Watcher) -> Views:
    """Without those of shops and categories that count no more."""
    if not len(views) or not (watcher.dropped_sellers or watcher.dropped_categories):
        return views
    videos = Video.objects.filter(pk__in=views.videos.tolist())
    of_shop = videos.filter(seller__in=watcher.dropped_sellers)
    tagged = videos.filter(tags__product__category__in=watcher.dropped_categories)
    dropped = of_shop.values("pk").union(tagged.values("pk"))
    dropped = [row["pk"] for row in dropped]
    kept = ~np.isin(views.videos, dropped)
    columns = (views.viewers, views.videos, views.finished, views.tapped)
    return Views(*(column[kept] for column in columns))


def interests_of(views: Views) -> list[Interest]:
    """Shops and categories, those of most videos first."""
    liked = views.videos[(views.finished > 0) | (views.tapped > 0)].tolist()
    shops = Counter(
        Video.objects.filter(pk__in=liked).order_by().values_list("seller", flat=True)
    )
    tagged = ProductTag.objects.filter(video__in=liked, product__category__isnull=False)
    pairs = tagged.order_by().values_list("product__category", "video").distinct()
    categories = Counter(category for category, _ in pairs)
    return [*named(Category, categories), *named(Seller, shops)]


def named(model, counts):
    found = model.objects.in_bulk(counts)
    most = [(found[pk], count) for pk, count in counts.most_common(SHOWN)]
    return [Interest(subject, count) for subject, count in most]

"""Trains the feed's model from what people did; if it is as good, it serves.

The files go to the private storage, where every machine finds them; the row that says
which model serves is changed last.
"""

import logging
import resource
import secrets
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import numpy as np
from django.conf import settings
from django.core.files import File
from django.db.models import Prefetch
from django.utils import timezone

from marketplace.user_files import private_files
from videos.feed import serving
from videos.feed.history import read_history
from videos.feed.model import artefacts
from videos.feed.model.evaluation import sample
from videos.feed.model.products import Products
from videos.feed.model.recommender import Recommender
from videos.feed.product_texts import read_products, sample_documents
from videos.models import FeedModel, ProductTag, Video

logger = logging.getLogger(__name__)

# Of the visits, the latest part is held back to judge by.
HELD_BACK = 0.1
CASES = 2000
TOP = 20
# A difference that so few cases cannot show is none.
TOLERANCE = 0.005
KEPT_MODELS = 5
ABOUT_TO_SERVE = timedelta(hours=1)


class NothingToLearn(Exception):
    """Nobody has watched anything yet."""


def train() -> FeedModel:
    """A new model; it serves unless the present one finds more of what came next."""
    began = time.monotonic()
    history = read_history()
    if not len(history):
        raise NothingToLearn
    keys, documents = read_catalogue()
    figures = judge(keys, documents, history)
    former = serving.current_recommender()
    parts = {"recommender": Recommender.fit(keys, documents, history, former)}
    product_count = 0
    if documents := sample_documents():
        parts["products"] = Products.fit(documents, read_products())
        product_count = len(parts["products"].keys)
    figures |= {
        "videos": len(keys),
        "products": product_count,
        "events": len(history),
        "seconds": round(time.monotonic() - began, 1),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    model = store(parts, figures)
    if is_good_enough(figures):
        model.put_in_service()
    else:
        FeedModel.objects.filter(pk=model.pk).update(status=FeedModel.Status.WORSE)
        model.refresh_from_db()
        logger.warning("Feed model %s is worse than the one that serves.", model)
    forget_old()
    return model


def read_catalogue():
    """Keys of what can be shown, in order, and their texts with weights."""
    tagged = ProductTag.objects.select_related("product__category")
    videos = (
        Video.objects.published()
        .select_related("seller")
        .prefetch_related(Prefetch("tags", tagged))
        .only("title", "description", "seller__name")
        .order_by("pk")
    )
    keys, documents = [], []
    for video in videos.iterator(2000):
        keys.append(video.pk)
        documents.append(document_of(video))
    return keys, documents


def document_of(video):
    products = {tag.product for tag in video.tags.all()}
    categories = {p.category.name for p in products if p.category}
    return [
        (video.title, 3),
        (video.description, 1),
        *((product.title, 2) for product in products),
        *((name, 2) for name in categories),
        (video.seller.name, 1),
    ]


def judge(keys, documents, history):
    """Both models on the same visits, which the new one has not seen."""
    late = np.quantile(history.times, 1 - HELD_BACK)
    last = last_times(history)
    is_late = last[history.visits] > late
    cases = sample(cases_of(history.where(is_late)), CASES)
    if not cases:
        return {"cases": 0}
    candidate = Recommender.fit(keys, documents, history.where(~is_late))
    figures = {"cases": len(cases), "found": share_found(candidate, cases)}
    if former := serving.current_recommender():
        figures["found_by_serving"] = share_found(former, cases)
    return figures


def last_times(history):
    last = np.zeros(history.visits.max(initial=-1) + 1)
    np.maximum.at(last, history.visits, history.times)
    return last


def cases_of(history):
    """Beginnings of visits, and what came next that was new there."""
    order = np.lexsort((history.times, history.visits))
    visits, items = history.visits[order], history.items[order]
    starts = np.flatnonzero(np.diff(visits, prepend=-1))
    place = np.arange(len(items)) - np.repeat(starts, np.diff([*starts, len(items)]))
    cases = []
    for end in np.flatnonzero(place):
        before = items[end - place[end] : end]
        if items[end] not in before:
            cases.append((before, items[end]))
    return cases


def share_found(recommender, cases):
    """How often the next video was among the first twenty new ones."""
    hits = 0
    for before, wanted in cases:
        hits += wanted in recommender.after(before, TOP)[0]
    return hits / len(cases)


def is_good_enough(figures):
    serves = figures.get("found_by_serving")
    return serves is None or figures["found"] >= serves - TOLERANCE


def store(parts, figures):
    """The files first, all of them; then the row."""
    version = f"{timezone.now():%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    model = FeedModel(version=version, figures=figures)
    settings.FEED_MODEL_ROOT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.FEED_MODEL_ROOT) as parent:
        folder = Path(parent) / version
        artefacts.write(folder, parts, **figures)
        files = private_files()
        for path in sorted(folder.iterdir()):
            with path.open("rb") as content:
                files.save(f"{model.folder}/{path.name}", File(content))
    model.save()
    return model


def forget_old():
    """Models that nobody would go back to, and their files, here and in the storage."""
    for model in of_no_use():
        # Unless it was put in service since it was looked at.
        as_seen = FeedModel.objects.filter(pk=model.pk, status=model.status)
        if not as_seen.delete()[0]:
            continue
        files = private_files()
        for name in files.listdir(model.folder)[1]:
            files.delete(f"{model.folder}/{name}")
    serving.forget_folders()


def of_no_use() -> list[FeedModel]:
    """By one query: another training may put in service what it has stored."""
    found = list(FeedModel.objects.order_by("-served_at", "-pk"))
    lately = timezone.now() - ABOUT_TO_SERVE
    kept = [model for model in found if model.is_usable][:KEPT_MODELS]
    kept += [model for model in found if model.is_just_trained(lately)]
    return [model for model in found if model not in kept]

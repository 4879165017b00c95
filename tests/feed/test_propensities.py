"""What a page says of chance is how likely such a page was: whatever was drawn."""

import itertools
from collections import Counter
from datetime import timedelta
from math import prod

import numpy as np
import pytest
from django.utils import timezone

from tests.factories import make_product, make_tag, make_variant, make_video
from videos.feed import matching, serving, sessions
from videos.feed.gates import public_videos
from videos.feed.model.exposure import Pool
from videos.feed.trials import load_trials, save_trials
from videos.feed.watchers import Watcher
from videos.models import VideoTrial

pytestmark = pytest.mark.django_db

# How likely the last place, and the one before, is given away on a page of ten.
CHANCES = (0.3, 0.4)


class Said:
    """A random generator of which is known what it says."""

    def __init__(self, *numbers):
        self.numbers = numbers

    def random(self, count):
        return np.array(self.numbers[:count])


@pytest.fixture
def late(monkeypatch, settings):
    """Of twenty that all know, and of when those are that merit no place."""
    settings.FEED_EXPOSURE = {
        "trial_share": CHANCES[0] / 10,
        "support_share": CHANCES[1] / 10,
    }
    monkeypatch.setattr(serving, "current", lambda: None)
    known = [make_video().pk for _ in range(20)]
    save_trials(load_trials(known, None), range(len(known)))
    VideoTrial.objects.update(pool=Pool.OPEN, shown=400)
    return {"published_at": timezone.now() - timedelta(days=20)}


def make_passed(**fields):
    video = make_video(**fields)
    save_trials(load_trials([video.pk], None), [0])
    VideoTrial.objects.filter(video=video).update(pool=Pool.SECOND, shown=50)
    return video


def pages(monkeypatch, watcher):
    """Keys and propensities of each that may come, and how likely that is."""
    chances, said = Counter(), {}
    for given in itertools.product((True, False), repeat=2):
        numbers = [0.0 if is_given else 0.999 for is_given in given]
        monkeypatch.setattr(
            matching.np.random, "default_rng", lambda numbers=numbers: Said(*numbers)
        )
        places = sessions.open_feed(public_videos(), watcher).places
        page = tuple(place.key for place in places)
        chances[page] += prod(
            chance if is_given else 1 - chance
            for chance, is_given in zip(CHANCES, given, strict=True)
        )
        said[page] = [place.propensity for place in places]
    return chances, said


@pytest.mark.parametrize(("of_one_shop", "number"), [(False, 4), (True, 3)])
def test_the_propensities_of_a_page_multiply_to_its_chance(
    monkeypatch, late, of_one_shop, number
):
    """Of one shop there is never more than one of the two beside the other."""
    passed = make_passed(**late)
    new = make_video(**late, **({"seller": passed.seller} if of_one_shop else {}))

    chances, said = pages(monkeypatch, Watcher("w" * 22))

    assert len(chances) == number
    assert {page[-1] for page in chances} > {new.pk}
    for page, chance in chances.items():
        assert prod(said[page]) == pytest.approx(chance)
        assert len(set(page)) == len(page) == 10


@pytest.mark.parametrize("why_not", ["sold out", "video", "seller", "product"])
def test_what_may_not_be_shown_is_not_drawn_and_another_is(monkeypatch, late, why_not):
    new = make_video(**late)
    # The newest have their turn first.
    barred = make_video(published_at=late["published_at"])
    product = make_product(seller=barred.seller)
    make_variant(product=product, stock=0 if why_not == "sold out" else 5)
    make_tag(video=barred, product=product)
    watcher = Watcher(
        "w" * 22,
        videos=frozenset({barred.pk} if why_not == "video" else ()),
        sellers=frozenset({barred.seller_id} if why_not == "seller" else ()),
        products=frozenset({product.pk} if why_not == "product" else ()),
    )

    chances, said = pages(monkeypatch, watcher)

    assert len(chances) == 2
    assert not any(barred.pk in page for page in chances)
    [given] = [page for page in chances if page[-1] == new.pk]
    assert chances[given] == pytest.approx(CHANCES[0])
    assert said[given][-1] == pytest.approx(CHANCES[0])

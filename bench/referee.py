"""The feed's own ranking and exposure, played before a simulated audience.

    python -m bench.referee REFEREE [--seeds 3] [--days 8] [--noise 1.2]

REFEREE is a file with `referee(policy, seed, days, noise=…)` and the worlds that it
plays; what a policy has to offer is what `Vitrine` does.  `make referee` calls this.
"""

import argparse
import importlib.util
import json
import sys
import time
from pathlib import Path

import numpy as np

from videos.feed.model.audience import Audience, shop_appeals
from videos.feed.model.exposure import Exposure, ExposureSettings, Pool
from videos.feed.model.subjects import Subjects


class Vitrine:
    """Asks the product's code, and tells it what happened; decides nothing itself."""

    name = "vitrine"

    def __init__(self, catalogue, users, seed):
        self.content, self.shops = catalogue.content, catalogue.creator
        self.uploaded = catalogue.uploaded_hour
        count = len(self.shops)
        self.audience = Audience.new(users, count, self.content.shape[1])
        self.exposure = Exposure(
            self.audience,
            pools=np.full(count, Pool.TRIAL),
            shown=np.zeros(count),
            ages=np.zeros(count),
            settings=ExposureSettings(),
            random=np.random.default_rng(seed),
        )
        self.views = [np.empty((3, 0), np.int64)]
        self.hour = -1

    def slate(self, hour, user_ids, live, seen, page):
        if self.hour < 0:
            self.train(live)
        if hour != self.hour:
            self.hour = hour
            self.exposure.ages = hour - self.uploaded
            new = live[self.exposure.shown[live] == 0]
            self.audience.admit(new, self.content[new], self.expected(new))
            self.live = live
            self.recall(user_ids)
        values = self.exposure.values(user_ids, live)
        values[seen] = -np.inf
        return self.exposure.lists(values, live, page)

    def train(self, live):
        """As the job that trains a model does it of the site's catalogue."""
        subjects = Subjects.of(self.content[live])
        self.content = subjects.expected(self.content)
        self.audience.common.begin_kinds(subjects.centres)

    def expected(self, videos):
        """By what became of the same shops' videos."""
        known = np.flatnonzero(self.exposure.shown)
        if not len(known):
            return 0.0
        appeals = self.audience.videos.mean[known, 0]
        shops, count = self.shops[known], self.shops.max() + 1
        sums = np.bincount(shops, appeals, minlength=count)
        counts = np.bincount(shops, minlength=count)
        self.audience.common.usual_appeal = float(appeals.mean())
        return shop_appeals(sums, counts, appeals.mean())[self.shops[videos]]

    def recall(self, viewers):
        """At the start of a visit, from all that each of them was shown before.

        A page of the site does it anew each time, from the latest (`viewing.py`).
        """
        everybody, size = self.audience.viewers.mean.shape
        self.audience.viewers = self.audience.common.newcomers(everybody, size - 1)
        self.views = [np.concatenate(self.views, axis=1)]
        is_theirs = np.isin(self.views[0][0], viewers)
        self.audience.recall(*self.views[0][:, is_theirs], teaches=True)

    def learn(self, hour, user_ids, videos, completed, tapped):
        self.audience.learn(user_ids, videos, completed, tapped)
        self.views.append(np.array([user_ids, videos, completed], np.int64))
        np.add.at(self.exposure.shown, videos, 1)
        self.exposure.judge(self.live)


def load(file):
    """The module at this path, wherever it lies."""
    spec = importlib.util.spec_from_file_location(file.stem, file)
    module = importlib.util.module_from_spec(spec)
    # A dataclass looks its module up.
    sys.modules[file.stem] = module
    spec.loader.exec_module(module)
    return module


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("referee", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--days", type=int, default=8)
    parser.add_argument("--noise", type=float, default=1.2, help="of content vectors")
    options = parser.parse_args()
    referee = load(options.referee).referee
    runs, began = [], time.monotonic()
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        run = referee(Vitrine, seed, options.days, noise=options.noise)
        runs.append(run)
        said = {name: round(float(value), 1) for name, value in run.items()}
        print(json.dumps({"seed": seed, **said}), flush=True)
    means = {name: np.mean([run[name] for run in runs]) for name in runs[0]}
    print(json.dumps({name: round(float(value), 1) for name, value in means.items()}))
    print(f"{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()

"""Measure the feed's model on public data, by their standard protocols."""

import gzip
from pathlib import Path

import numpy as np
from django.core.management.base import BaseCommand, CommandError
from scipy import sparse

from videos.feed.model import evaluation

FILES = """
Expected below FOLDER, any number of either kind:

NAME_train.npz and NAME_test.npz
    what viewers liked: scipy.sparse matrices (save_npz) of viewers and items, of one
    shape.  Of each viewer in the test part the twenty best items are asked for that are
    not in their training part: Recall@20 and NDCG@20, the mean over viewers.

NAME/train_sessions.txt.gz and NAME/test_prefix_next.txt.gz
    visits: numbers of items, one visit to a line, in order of time; and cases: the
    beginning of a visit, a tab, the item that came next.  P@20 and MRR@20.
"""


class Command(BaseCommand):
    help = f"{__doc__}\n{FILES}"
    requires_system_checks = []  # no site is needed

    def add_arguments(self, parser):
        parser.add_argument("folder", type=Path, help="see above")

    def create_parser(self, *args, **kwargs):
        parser = super().create_parser(*args, **kwargs)
        parser.description = self.help
        return parser

    def handle(self, *, folder, **options):
        visits = sorted(folder.glob("*/train_sessions.txt.gz"))
        tastes = sorted(folder.glob("*_train.npz"))
        if not visits and not tastes:
            raise CommandError(f"Nothing to measure in {folder}.\n{FILES}")
        for file in visits:
            past, cases = read_visits(file), read_cases(file.parent)
            self.say(
                file.parent.name,
                ("P@20 %", "MRR@20 %", 100),
                evaluation.evaluate_visits(*past, cases),
            )
        for file in tastes:
            test = file.with_name(file.name.replace("_train", "_test"))
            self.say(
                file.name.removesuffix("_train.npz"),
                ("Recall@20", "NDCG@20", 1),
                evaluation.evaluate_taste(read_matrix(file), read_matrix(test)),
            )

    def say(self, name, figures, found):
        first, second, scale = figures
        self.stdout.write(
            f"{name}: {first} {found.first * scale:.4f}, "
            f"{second} {found.second * scale:.4f} ({found.cases} cases)\n"
            f"  trained in {found.seconds:.1f} s, settings chosen in "
            f"{found.choosing_seconds:.1f} s; {found.megabytes:.0f} MB; answers "
            f"p50 {found.p50_ms:.2f} ms, p99 {found.p99_ms:.2f} ms\n"
            f"  {found.settings}"
        )


def read_matrix(file):
    try:
        return sparse.csr_array(sparse.load_npz(file), dtype=np.float32)
    except (OSError, ValueError) as error:
        raise CommandError(f"{file}: {error}") from error


def read_visits(file):
    """One row for each event: the number of its visit, and its item."""
    with gzip.open(file, "rt") as lines:
        rows = [np.array(line.split(), dtype=np.int64) for line in lines]
    visits = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    return visits, np.concatenate(rows)


def read_cases(folder):
    with gzip.open(folder / "test_prefix_next.txt.gz", "rt") as lines:
        pairs = [line.rstrip("\n").split("\t") for line in lines]
    return [(np.array(b.split(), dtype=np.int64), int(wanted)) for b, wanted in pairs]

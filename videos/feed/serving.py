"""The model that serves, in this process: found, fetched, checked, mapped and swapped.

A page never waits for it.  Every few seconds one thread looks which model serves; until
a new one is ready, the old one answers, and without any the feed is ranked as it is for
somebody unknown.
"""

import logging
import os
import shutil
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import Error, connection

from marketplace.user_files import STORAGE_FAILURES, private_files
from videos.feed.model import artefacts
from videos.feed.model.products import Products
from videos.feed.model.recommender import Recommender
from videos.leftovers import remove_unfinished
from videos.models import FeedModel

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Serving:
    version: str
    recommender: Recommender
    # None in what was trained before there was any, or without a product.
    products: Products | None = None


class Holder:
    """What this process serves from; `looking` is held by the thread that looks."""

    def __init__(self):
        self.serving: Serving | None = None
        self.looked_at = float("-inf")
        self.looking = threading.Lock()


holder = Holder()


def current() -> Serving | None:
    """At once, whatever is loaded; a look at the database goes on beside."""
    every = settings.FEED_LOOKS_EVERY_SECONDS
    is_due = every and time.monotonic() - holder.looked_at >= every
    if is_due and holder.looking.acquire(blocking=False):
        holder.looked_at = time.monotonic()
        threading.Thread(target=look, daemon=True, name="feed-model").start()
    return holder.serving


def look():
    """In a thread of its own, with a connection of its own."""
    try:
        load_current()
    except (*STORAGE_FAILURES, Error, artefacts.BrokenArtefact):
        # The model at hand goes on serving; the next look tries again.
        logger.exception("The feed's model was not loaded.")
    finally:
        connection.close()
        holder.looking.release()


def load_current() -> Serving | None:
    """The model that serves by the database, loaded if it is another one."""
    version = FeedModel.objects.serving().values_list("version", flat=True).first()
    if version is None:
        holder.serving = None
    elif holder.serving is None or holder.serving.version != version:
        holder.serving = load(version)
        logger.info("The feed is ranked by model %s.", version)
        forget_folders()  # of this machine, where nobody may ever train
    return holder.serving


def current_products() -> Products | None:
    serves = current()
    return serves and serves.products


def current_recommender() -> Recommender | None:
    """For jobs, which can wait until it is loaded."""
    serving = load_current()
    return serving and serving.recommender


def load(version: str) -> Serving:
    folder = fetch(version)
    try:
        artefacts.check(folder)
    except artefacts.BrokenArtefact:
        # Whatever was fetched is not worth keeping; the storage may have it whole.
        shutil.rmtree(folder, ignore_errors=True)
        raise
    recommender = artefacts.read(folder, "recommender", Recommender)
    has_products = artefacts.has_part(artefacts.read_manifest(folder), "products")
    products = artefacts.read(folder, "products", Products) if has_products else None
    return Serving(version, recommender, products)


def fetch(version: str) -> Path:
    """The folder on this machine's disk, whole or not at all."""
    folder = settings.FEED_MODEL_ROOT / version
    if folder.is_dir():
        return folder
    settings.FEED_MODEL_ROOT.mkdir(parents=True, exist_ok=True)
    files, source = private_files(), FeedModel(version=version).folder
    with tempfile.TemporaryDirectory(dir=settings.FEED_MODEL_ROOT) as parent:
        part = Path(parent) / version
        part.mkdir()
        for name in files.listdir(source)[1]:
            with (
                files.open(f"{source}/{name}") as content,
                (part / name).open("wb") as copy,
            ):
                shutil.copyfileobj(content, copy)
        try:
            os.rename(part, folder)
        except OSError:
            # Another process of this machine was quicker.
            if not folder.is_dir():
                raise
    return folder


def forget_folders() -> None:
    """Copies of models that are gone; what is mapped stays readable for now.

    The rows are read after the folders: a model is stored before it is copied.
    """
    root = settings.FEED_MODEL_ROOT
    folders = list(root.iterdir()) if root.is_dir() else []
    kept = set(FeedModel.objects.values_list("version", flat=True))
    for folder in folders:
        if folder.name not in kept and not folder.name.startswith("tmp"):
            shutil.rmtree(folder, ignore_errors=True)
    remove_unfinished(root)

"""Migrations cut hashes by code of their own; the last one's is that of today."""

import importlib

import pytest
from django.apps import apps

from tests.factories import make_video
from videos import fingerprints
from videos.models import ContentFeatures

HASHES = [value * 0x9E3779B97F4A7C15 % 2**63 for value in range(1, 31)]


@pytest.mark.django_db
def test_what_was_cut_in_another_way_is_found_after_the_migration():
    features = ContentFeatures.objects.create(
        video=make_video(), hashes=HASHES, bands=[1, 2, 3], scenes=[]
    )

    importlib.import_module("videos.migrations.0016_fewer_bands").cut_anew(apps, None)

    features.refresh_from_db()
    assert features.bands == fingerprints.bands_of(HASHES)
    found = ContentFeatures.objects.likeliest(fingerprints.bands_near(HASHES[:3]), 10)
    assert found == [features.pk]

"""Work on catalogues that the clock asks for."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from sellers import pictures
from sellers.imports import fetching
from sellers.models import CatalogImport, ImportPicture, ProductMedia
from sellers.tasks import fetch_picture, import_catalog, read_import

FORGOTTEN = timedelta(minutes=10)
UNDO = timedelta(days=1)
TASKS = {
    CatalogImport.Status.READING: read_import,
    CatalogImport.Status.IMPORTING: import_catalog,
}


@shared_task
def resume_imports():
    """What a killed worker or a lost message left behind is taken up again."""
    for catalog_import in CatalogImport.objects.claimable():
        TASKS[catalog_import.status].delay(catalog_import.pk)
    forgotten = ImportPicture.objects.filter(
        status=ImportPicture.Status.WAITING, created_at__lt=timezone.now() - FORGOTTEN
    )
    for picture in forgotten.exclude(catalog_import__status__in=CatalogImport.AT_WORK):
        if picture.attempts < fetching.MAX_ATTEMPTS:
            fetch_picture.delay(picture.pk)
        else:
            fetching.give_up(picture, fetching.unreachable(picture.url))


@shared_task
def purge_pictures():
    """The files of pictures that were taken off so long ago that nobody undoes it."""
    gone = ProductMedia.with_removed.filter(removed_at__lt=timezone.now() - UNDO)
    for media in gone:
        pictures.delete_files(media)
        media.delete()

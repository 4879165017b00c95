"""Work on catalogues that somebody asked for."""

from celery import shared_task

from sellers.imports import fetching, running
from sellers.models import CatalogImport, ImportPicture

RETRY_SECONDS = 15


@shared_task
def read_import(import_pk):
    catalog_import = CatalogImport.objects.select_related("seller").get(pk=import_pk)
    if catalog_import.claim(CatalogImport.Status.READING):
        running.read(catalog_import)


@shared_task
def import_catalog(import_pk):
    catalog_import = CatalogImport.objects.select_related("seller").get(pk=import_pk)
    if catalog_import.claim(CatalogImport.Status.IMPORTING):
        for picture_pk in running.run(catalog_import):
            fetch_picture.delay(picture_pk)


@shared_task(bind=True, max_retries=fetching.MAX_ATTEMPTS)
def fetch_picture(self, picture_pk):
    waiting = ImportPicture.objects.filter(status=ImportPicture.Status.WAITING)
    picture = waiting.select_related("product").filter(pk=picture_pk).first()
    if picture and not fetching.fetch_picture(picture):
        raise self.retry(countdown=RETRY_SECONDS)

"""Pictures that a file names by their address: fetched here and nowhere else.

The address is a stranger's: no private networks, no redirects, limits on time and
size, and only what decodes as a picture is kept.
"""

import time
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from requests_hardened import Config, Manager

from sellers import catalog, pictures
from sellers.models import ImportPicture

CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS = 4, 8, 25
CHUNK = 64 * 1024
MAX_ATTEMPTS = 3
# A host that did not answer twice is not asked again for a while: its hundred other
# pictures would only wait for it, one after the other.
FAILURES_OF_A_DEAD_HOST = 2
DEAD_FOR_SECONDS = 300


UNANSWERED = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
)


class Unfetchable(Exception):
    """Says to a person why there is no picture; `is_final`: asking again is vain."""

    def __init__(self, message: str, *, is_final: bool):
        self.is_final = is_final
        super().__init__(message)


def manager() -> Manager:
    return Manager(
        Config(
            default_timeout=(CONNECT_SECONDS, READ_SECONDS),
            never_redirect=True,
            ip_filter_enable=True,
            ip_filter_allow_loopback_ips=settings.IMPORT_FROM_LOOPBACK,
            user_agent_override="Vitrine-Import",
        )
    )


def host_of(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        host = None
    if not host or parts.scheme not in {"http", "https"} or parts.username:
        raise Unfetchable(
            _("Only addresses that start with https:// or http:// are fetched."),
            is_final=True,
        )
    return host


def fetch(url: str) -> bytes:
    """The bytes behind the address, or Unfetchable."""
    host = host_of(url)
    dead = f"import-dead-host:{host}"[:200]
    if (cache.get(dead) or 0) >= FAILURES_OF_A_DEAD_HOST:
        raise Unfetchable(unreachable(host), is_final=True)
    try:
        return download(url)
    except UNANSWERED as error:
        cache.set(dead, (cache.get(dead) or 0) + 1, DEAD_FOR_SECONDS)
        raise Unfetchable(unreachable(host), is_final=False) from error
    except (requests.RequestException, UnicodeError, ValueError) as error:
        # A private address, or one that is no address at all.
        text = _("The address is not one that pictures are fetched from.")
        raise Unfetchable(text, is_final=True) from error


def unreachable(host: str) -> str:
    return _("%(host)s does not answer.") % {"host": host[:100]}


def download(url: str) -> bytes:
    with manager().get_session() as session:
        # A proxy of the machine would look at the address in our place.
        session.trust_env = False
        with session.get(url, stream=True) as response:
            refuse_status(response.status_code)
            return read_body(response)


def refuse_status(status: int) -> None:
    if status == 200:
        return
    if 300 <= status < 400:
        raise Unfetchable(_("The address leads to another one."), is_final=True)
    text = _("The server answers %(status)s.") % {"status": status}
    raise Unfetchable(text, is_final=status < 500 and status != 429)


def read_body(response: requests.Response) -> bytes:
    """At most the limit, in at most the time, however slowly it drips."""
    body, deadline = bytearray(), time.monotonic() + TOTAL_SECONDS
    for chunk in response.iter_content(CHUNK):
        body += chunk
        if len(body) > pictures.MAX_BYTES:
            raise Unfetchable(_("It has more than 10 MB."), is_final=True)
        if time.monotonic() > deadline:
            raise Unfetchable(_("It came too slowly."), is_final=False)
    return bytes(body)


def fetch_picture(picture: ImportPicture) -> bool:
    """Fetch and attach; False when it is worth trying again later."""
    ImportPicture.objects.filter(pk=picture.pk).update(attempts=F("attempts") + 1)
    try:
        encoded = pictures.encode(fetch(picture.url))
    except pictures.UnusablePicture as error:
        give_up(picture, str(error))
    except Unfetchable as error:
        if not error.is_final and picture.attempts + 1 < MAX_ATTEMPTS:
            return False
        give_up(picture, str(error))
    else:
        keep(picture, encoded)
    return True


@transaction.atomic
def keep(picture: ImportPicture, encoded: pictures.Encoded) -> None:
    """Once: of two workers with the same message, the second finds it fetched."""
    picture = ImportPicture.objects.select_for_update(of=["self"]).get(pk=picture.pk)
    if picture.status == ImportPicture.Status.FETCHED:
        return
    product = picture.product
    picture.media = pictures.attach(product, encoded, picture.alt or product.title)
    picture.status = ImportPicture.Status.FETCHED
    picture.message = ""
    picture.save(update_fields=["media", "status", "message"])
    fetched = product.imported_pictures.filter(media__isnull=False)
    in_order = fetched.order_by("position", "row").values_list("media_id", flat=True)
    catalog.order_pictures(product, list(in_order))


def give_up(picture: ImportPicture, message: str) -> None:
    """A warning: the product stands, it only lacks this picture."""
    waiting = ImportPicture.objects.filter(
        pk=picture.pk, status=ImportPicture.Status.WAITING
    )
    waiting.update(status=ImportPicture.Status.FAILED, message=message[:300])


def try_again(catalog_import) -> list[int]:
    """The failed ones as new; their hosts get another chance too."""
    failed = catalog_import.pictures.filter(status=ImportPicture.Status.FAILED)
    keys = list(failed.values_list("pk", flat=True))
    for url in failed.values_list("url", flat=True):
        forget_dead_host(url)
    failed.update(status=ImportPicture.Status.WAITING, attempts=0, message="")
    return keys


def forget_dead_host(url: str) -> None:
    try:
        cache.delete(f"import-dead-host:{host_of(url)}"[:200])
    except Unfetchable:
        return

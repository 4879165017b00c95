"""Where browsers allow passkeys: under a host's name, over HTTPS or on this machine."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings


def is_ip_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def are_allowed_at(address: str) -> bool:
    """Whether browsers make and use passkeys at `https://host:port/…`."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if is_ip_address(host):
        return False
    is_this_machine = host == "localhost" or host.endswith(".localhost")
    return parts.scheme == "https" or is_this_machine


def better_address(request) -> str | None:
    """None where passkeys work; else where they would, or "" if nowhere."""
    if are_allowed_at(request.build_absolute_uri("/")):
        return None
    site = settings.SITE_URL
    return f"{site}{request.path}" if are_allowed_at(site) else ""

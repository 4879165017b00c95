"""Every setting, from the environment.  docs/settings.md explains each variable."""

from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from marketplace import embedded
from marketplace.env import (
    broker_url,
    database_settings,
    env_bool,
    env_int,
    env_list,
    env_secret,
    env_str,
    env_url,
    numbered,
)
from marketplace.moderation.desk_look import (  # noqa: F401
    AUDITLOG_INCLUDE_TRACKING_MODELS,
    UNFOLD,
)

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env_str("VAR_DIR", str(BASE_DIR / "var")))

# Production is the default: a machine that forgets DEBUG is safe, not open.
DEBUG = env_bool("DEBUG", False)


def development_only(value):
    """A default that production does not get."""
    return value if DEBUG else None


SECRET_KEY = env_secret("SECRET_KEY", development_only("development-only-key"))
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", development_only(["*"]))
if "*" in ALLOWED_HOSTS and not DEBUG:
    raise ImproperlyConfigured("ALLOWED_HOSTS must name the hosts outside DEBUG.")
SITE_URL = env_url("SITE_URL", development_only("http://127.0.0.1:8000"))
SITE_NAME = env_str("SITE_NAME", "Vitrine")
CSRF_TRUSTED_ORIGINS = [SITE_URL]

INSTALLED_APPS = [
    "marketplace",
    "marketplace.accounts",
    "marketplace.discovery",
    "sellers",
    "videos",
    "checkout",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "marketplace.moderation.desk_app.DeskAppConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.sitemaps",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "auditlog",
    # After the apps whose pages of the desk it replaces.
    "marketplace.moderation",
    "csp",
    "django_countries",
    "django_htmx",
    "django_vite",
    "drf_spectacular",
    "rest_framework",
]

MIDDLEWARE = [
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "marketplace.user_files.UserFilesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "auditlog.middleware.AuditlogMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "marketplace.urls"
WSGI_APPLICATION = "marketplace.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "marketplace.rendering.site",
                "checkout.carts.cart_count",
                "marketplace.accounts.context.personal",
            ],
            "builtins": ["marketplace.rendering"],
        },
    },
]
FORM_RENDERER = "marketplace.rendering.FormRenderer"

# Data.  In development both servers are embedded where no address is given.
EMBEDDED_SERVERS = env_bool("EMBEDDED_SERVERS", DEBUG)


def server_address(name, variable):
    if EMBEDDED_SERVERS and not env_str(variable, ""):
        return embedded.address_of(name, VAR_DIR)
    return env_str(variable)


DATABASES = {
    "default": database_settings(
        server_address("postgres", "DATABASE_URL"),
        pool_size=env_int("DATABASE_POOL_SIZE", 8, minimum=1),
    )
}
REDIS_URL = server_address("redis", "REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        # Apart from the queues: clearing a cache empties its whole database.
        "LOCATION": env_str("CACHE_URL", numbered(REDIS_URL, 1)),
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Background work.  A database row with a lease is the truth, the message a hint.
CELERY_BROKER_URL = broker_url(REDIS_URL)
CELERY_TASK_ACKS_LATE = CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "videos.tasks.*": {"queue": "media"},
    "checkout.tasks.*": {"queue": "money"},
    "*.send_mail": {"queue": "mail"},
}
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 4 * 3600}
# What the clock asks for, and every how many seconds.
PERIODIC_TASKS = {
    "videos.periodic.sweep_videos": 30,
    "videos.periodic.count_events": 120,
    "marketplace.accounts.periodic.send_due_mails": 60,
    "sellers.periodic.resume_imports": 60,
    "sellers.periodic.purge_pictures": 3600,
    "checkout.periodic.hear_from_stripe": 60,
    "checkout.periodic.release_overdue": 30,
    "checkout.periodic.watch_parcels": 300,
    "checkout.periodic.pay_sellers": 300,
    "checkout.periodic.resend_money": 600,
}
CELERY_BEAT_SCHEDULE = {
    task: {"task": task, "schedule": seconds, "options": {"expires": seconds}}
    for task, seconds in PERIODIC_TASKS.items()
}
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# Files.  What people upload is public under MEDIA_URL, except the private storage:
# the sources of videos and imported catalogues.
MEDIA_ROOT = VAR_DIR / "media"
MEDIA_URL = "/media/"
PRIVATE_ROOT = VAR_DIR / "private"
# On the disk of the private files, so that an upload is moved there, not copied.
FILE_UPLOAD_TEMP_DIR = PRIVATE_ROOT / "incoming"
FILE_UPLOAD_TEMP_DIR.mkdir(parents=True, exist_ok=True)
# Pictures that an imported file names are never fetched from this machine or its
# network; tests alone allow their own server.
IMPORT_FROM_LOOPBACK = False
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
# Only what Vite built; the sources in static/src are not served.
STATICFILES_DIRS = [("build", BASE_DIR / "static" / "build")]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "private": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": PRIVATE_ROOT, "base_url": None},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
AWS_STORAGE_BUCKET_NAME = env_str("AWS_STORAGE_BUCKET_NAME", "")
if AWS_STORAGE_BUCKET_NAME:
    AWS_S3_ENDPOINT_URL = env_str("AWS_S3_ENDPOINT_URL", "") or None
    AWS_S3_REGION_NAME = env_str("AWS_S3_REGION_NAME", "") or None
    AWS_S3_CUSTOM_DOMAIN = env_str("AWS_S3_CUSTOM_DOMAIN")  # the CDN in front
    AWS_S3_OBJECT_PARAMETERS = {"CacheControl": "max-age=31536000, immutable"}
    AWS_QUERYSTRING_AUTH = False
    STORAGES["default"] = {"BACKEND": "storages.backends.s3.S3Storage"}
    STORAGES["private"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": env_str("AWS_PRIVATE_BUCKET_NAME"),
            "custom_domain": None,
            "querystring_auth": True,
        },
    }
    MEDIA_URL = f"https://{AWS_S3_CUSTOM_DOMAIN}/"
DJANGO_VITE = {
    "default": {
        "static_url_prefix": "build",
        "manifest_path": BASE_DIR / "static" / "build" / "manifest.json",
    }
}
WHITENOISE_IMMUTABLE_FILE_TEST = (
    r"^/static/(build/.+-[\w-]{8}\.\w+|.+\.[0-9a-f]{12}\.\w+)$"
)

# People
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
ACCOUNT_ADAPTER = "marketplace.accounts.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
# A code keeps the person in the browser, and at the page, where they began.  Only
# with confirmation before the first sign-in does nobody learn who has an account.
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = {
    "login": "15/5m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "signup": "30/5m/ip" if DEBUG else "2/5m/ip",
    "reset_password": "3/5m/ip,3/5m/key",
    "report": "5/10m/ip",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = SITE_NAME
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG
LOGIN_REDIRECT_URL = "/"
LOGIN_URL = "account_login"

# Mail.  In development it goes to files that a page lists.
DEFAULT_FROM_EMAIL = env_str("DEFAULT_FROM_EMAIL", development_only("hello@localhost"))
SERVER_EMAIL = DEFAULT_FROM_EMAIL
if DEBUG:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = VAR_DIR / "mail"
else:
    EMAIL_HOST = env_str("EMAIL_HOST")
    EMAIL_PORT = env_int("EMAIL_PORT", 587)
    EMAIL_HOST_USER = env_str("EMAIL_HOST_USER", "")
    EMAIL_HOST_PASSWORD = env_str("EMAIL_HOST_PASSWORD", "")
    EMAIL_USE_TLS = env_bool("EMAIL_USE_TLS", True)
    EMAIL_TIMEOUT = 10

# Money
CURRENCY = env_str("CURRENCY", "EUR")
COMMISSION_BASIS_POINTS = env_int("COMMISSION_BASIS_POINTS", 1000)
# For countries that checkout/tax_rates.json does not name; on top of the prices.
DEFAULT_TAX_BASIS_POINTS = env_int("DEFAULT_TAX_BASIS_POINTS", 0)
STOCK_RESERVATION_MINUTES = env_int("STOCK_RESERVATION_MINUTES", 15)
PAYOUT_HOLD_DAYS = env_int("PAYOUT_HOLD_DAYS", 7)
# Without a key, which only development may lack, payments go to our Stripe sandbox.
STRIPE_SECRET_KEY = env_str("STRIPE_SECRET_KEY", development_only(""))
STRIPE_PUBLISHABLE_KEY = env_str("STRIPE_PUBLISHABLE_KEY", development_only(""))
STRIPE_WEBHOOK_SECRET = env_str("STRIPE_WEBHOOK_SECRET", development_only(""))
STRIPE_SANDBOX_URL = env_url(
    "STRIPE_SANDBOX_URL", "" if STRIPE_SECRET_KEY else "http://127.0.0.1:8001"
)
if STRIPE_SANDBOX_URL and not DEBUG:
    raise ImproperlyConfigured("STRIPE_SANDBOX_URL is for DEBUG only: no real money.")
if STRIPE_SANDBOX_URL:
    # Known to everybody, and good for nothing but the sandbox.
    STRIPE_SECRET_KEY = STRIPE_SECRET_KEY or "sk_test_sandbox"
    STRIPE_PUBLISHABLE_KEY = STRIPE_PUBLISHABLE_KEY or "pk_test_sandbox"
    STRIPE_WEBHOOK_SECRET = STRIPE_WEBHOOK_SECRET or "whsec_sandbox"
# Stripe signs the events of connected accounts with a secret of their own.
STRIPE_CONNECT_WEBHOOK_SECRET = env_str(
    "STRIPE_CONNECT_WEBHOOK_SECRET", STRIPE_WEBHOOK_SECRET
)
STRIPE_API_BASE = STRIPE_SANDBOX_URL or "https://api.stripe.com"
STRIPE_JS_URL = f"{STRIPE_SANDBOX_URL or 'https://js.stripe.com'}/v3/"

DELIVERY_ASSUMED_DAYS = env_int("DELIVERY_ASSUMED_DAYS", 21)
TRACKING_WEBHOOK_SECRET = env_str("TRACKING_WEBHOOK_SECRET", "")

# Video
# One second is the least; development also takes the tiny clips that tests use.
VIDEO_MIN_MS = env_int("VIDEO_MIN_MS", 250 if DEBUG else 1000)
VIDEO_MAX_SECONDS = env_int("VIDEO_MAX_SECONDS", 180)
VIDEO_MAX_BYTES = env_int("VIDEO_MAX_BYTES", 1024**3)
# Of one ffmpeg: memory grows with its threads.  A media worker runs as many at
# once as its --concurrency says.
VIDEO_THREADS = env_int("VIDEO_THREADS", 2, minimum=1)
VIDEO_MEMORY_BYTES = env_int("VIDEO_MEMORY_BYTES", 3 * 1024**3)
# Seconds of work allowed per second of video before an encoding is given up.
VIDEO_MAX_SLOWNESS = env_int("VIDEO_MAX_SLOWNESS", 60)
VIDEO_WORK_ROOT = VAR_DIR / "work"

# Language and time
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"

# Security
HTTPS = not DEBUG
if HTTPS and urlsplit(SITE_URL).scheme != "https":
    raise ImproperlyConfigured("SITE_URL must start with https:// outside DEBUG.")
SECURE_SSL_REDIRECT = HTTPS and env_bool("SECURE_SSL_REDIRECT", True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
if env_bool("BEHIND_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Whom rate limits count: what X-Forwarded-For says before these many proxies.
ALLAUTH_TRUSTED_PROXY_COUNT = env_int("TRUSTED_PROXY_COUNT", 0)
SECURE_HSTS_SECONDS = 2 * 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
# Stripe's 3-D Secure step may open a window that has to report back.
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin-allow-popups"
# A browser takes a __Host- cookie only over HTTPS and only from this very host.
COOKIE_PREFIX = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}session"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrf"
LANGUAGE_COOKIE_NAME = f"{COOKIE_PREFIX}language"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
STAFF_MFA_REQUIRED = env_bool("STAFF_MFA_REQUIRED", not DEBUG)

STRIPE_ORIGINS = ["https://js.stripe.com", "https://*.js.stripe.com"]
if STRIPE_SANDBOX_URL:
    STRIPE_ORIGINS = [STRIPE_SANDBOX_URL]
# The form with which sellers connect is answered by a redirect to there.
STRIPE_ONBOARDING = STRIPE_SANDBOX_URL or "https://connect.stripe.com"
MEDIA_ORIGINS = [MEDIA_URL] if AWS_STORAGE_BUCKET_NAME else []
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, *STRIPE_ORIGINS],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:", *MEDIA_ORIGINS],
        "media-src": [SELF, "blob:", *MEDIA_ORIGINS],
        "connect-src": [SELF, STRIPE_API_BASE, *MEDIA_ORIGINS],
        "frame-src": [SELF, *STRIPE_ORIGINS, "https://hooks.stripe.com"],
        "worker-src": [SELF, "blob:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF, STRIPE_ONBOARDING],
        "frame-ancestors": [NONE],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": env_str("LOG_LEVEL", "INFO")},
    # Django's own handlers off: the root writes each message once.
    "loggers": {
        "django": {"handlers": [], "propagate": True, "level": "NOTSET"},
        # Each request and each task that went well are not news.
        **{name: {"level": "WARNING"} for name in ("celery", "kombu", "stripe")},
    },
}

REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    "NUM_PROXIES": ALLAUTH_TRUSTED_PROXY_COUNT,
}
SPECTACULAR_SETTINGS = {"TITLE": SITE_NAME, "SERVE_INCLUDE_SCHEMA": False}

"""Every setting, from the environment.  docs/settings.md explains each variable."""

from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from marketplace import content_security, embedded, timetable
from marketplace.checkout_settings import *  # noqa: F403
from marketplace.env import (
    broker_url,
    database_settings,
    env_bool,
    env_choice,
    env_choices,
    env_int,
    env_list,
    env_secret,
    env_str,
    env_url,
    numbered,
)
from marketplace.feed_settings import *  # noqa: F403
from marketplace.file_storages import (
    bucket_origins,
    bucket_storages,
    disk_storages,
    private_bucket,
    video_bucket,
)
from marketplace.logs import logging_settings
from marketplace.moderation.desk_look import (  # noqa: F401
    AUDITLOG_INCLUDE_TRACKING_MODELS,
    UNFOLD,
)

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env_str("VAR_DIR", str(BASE_DIR / "var")))

# Production is the default: a machine that forgets DEBUG is safe, not open.
IS_DEVELOPMENT = env_bool("DEBUG", False)
# Django's own stays off: development shows the error pages that visitors see, and
# the log has the traceback.
DEBUG = False


def development_only(value):
    """A default that production does not get."""
    return value if IS_DEVELOPMENT else None


SECRET_KEY = env_secret("SECRET_KEY", development_only("development-only-key"))
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", development_only(["*"]))
if "*" in ALLOWED_HOSTS and not IS_DEVELOPMENT:
    raise ImproperlyConfigured("ALLOWED_HOSTS must name the hosts outside DEBUG.")
SITE_URL = env_url("SITE_URL", development_only("http://localhost:8000"))
SITE_NAME = env_str("SITE_NAME", "Vitrine")
CSRF_TRUSTED_ORIGINS = [SITE_URL]
CSRF_FAILURE_VIEW = "marketplace.accounts.signing_in.refuse_form"

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
    "marketplace.video_files.VideoFilesMiddleware",
    "marketplace.user_files.UserFilesMiddleware",
    # Pages alone: files are served above.  It adds random bytes (BREACH).
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "marketplace.accounts.recognizing.RecognizingMiddleware",
    "marketplace.outages.OutageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "auditlog.middleware.AuditlogMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "marketplace.accounts.signing_in.SignInMiddleware",
]

ROOT_URLCONF = "marketplace.urls"
WSGI_APPLICATION = "marketplace.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # An operator's own first; development has examples of what each must write.
        "DIRS": [
            *env_list("TEMPLATE_DIRS", []),
            BASE_DIR / "templates",
            *([BASE_DIR / "marketplace/demo/templates"] if IS_DEVELOPMENT else []),
        ],
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
EMBEDDED_SERVERS = env_bool("EMBEDDED_SERVERS", IS_DEVELOPMENT)


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
        "BACKEND": "marketplace.caching.ForgivingCache",
        # Apart from the queues: clearing a cache empties its whole database.
        "LOCATION": env_str("CACHE_URL", numbered(REDIS_URL, 1)),
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 2},
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
    "marketplace.moderation.tasks.*": {"queue": "media"},
    "checkout.tasks.*": {"queue": "money"},
    "checkout.inbox.*": {"queue": "money"},
    "*.send_mail": {"queue": "mail"},
}
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 4 * 3600}
CELERY_BEAT_SCHEDULE = timetable.beat_schedule()
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# A worker told to stop goes on for so long, then hands its video back.
DRAIN_SECONDS = env_int("DRAIN_SECONDS", 20)

# Files.  Pictures are public under MEDIA_URL.  The private storage holds sources and
# imported catalogues; the one of videos what is made of the sources, for signed
# addresses alone: whether a video is published moves no byte of it.
MEDIA_ROOT = VAR_DIR / "media"
MEDIA_URL = "/media/"
PRIVATE_ROOT = VAR_DIR / "private"
VIDEO_ROOT = VAR_DIR / "video"
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
STORAGES = disk_storages(PRIVATE_ROOT, VIDEO_ROOT) | {
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if IS_DEVELOPMENT
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    }
}
HAS_BUCKETS = bool(env_str("AWS_STORAGE_BUCKET_NAME", ""))
if HAS_BUCKETS:
    STORAGES |= bucket_storages()
    MEDIA_URL = f"https://{env_str('AWS_S3_CUSTOM_DOMAIN')}/"
# Where signed addresses of videos begin: here, or at a CDN.
VIDEO_URL = (env_url("VIDEO_URL", "") or "/media") + "/"
VIDEO_DELIVERY = env_choice("VIDEO_DELIVERY", "public", ["public", "private"])
# An address lasts for one to two of these.
VIDEO_ADDRESS_SECONDS = env_int("VIDEO_ADDRESS_SECONDS", 1800, minimum=60)
VIDEO_SIGNING_KEY = env_secret("VIDEO_SIGNING_KEY", SECRET_KEY)
# Where nginx finds VIDEO_ROOT for itself; then it sends the files, not Django.
VIDEO_ACCEL_PREFIX = env_str("VIDEO_ACCEL_PREFIX", "")
MEDIA_CORS_ORIGINS = env_list("MEDIA_CORS_ORIGINS", [])
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = IS_DEVELOPMENT
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
    "signup": "30/5m/ip" if IS_DEVELOPMENT else "2/5m/ip",
    "reset_password": "3/5m/ip,3/5m/key",
    "report": "5/10m/ip",
    "coupon": "60/10m/ip,10/10m/key",
    "stripe_tax": "300/10m/ip,60/10m/key",
    "upload": "120/h/user",
    "wish": "300/h/ip",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = SITE_NAME
MFA_ADAPTER = "marketplace.accounts.adapters.MFAAdapter"
MFA_FORMS = {"add_webauthn": "marketplace.accounts.forms.AddPasskeyForm"}
LOGIN_REDIRECT_URL = "/"
LOGIN_URL = "account_login"

# Mail.  In development it goes to files that a page lists.
DEFAULT_FROM_EMAIL = env_str("DEFAULT_FROM_EMAIL", development_only("hello@localhost"))
SERVER_EMAIL = DEFAULT_FROM_EMAIL
if IS_DEVELOPMENT:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = VAR_DIR / "mail"
else:
    EMAIL_HOST = env_str("EMAIL_HOST")
    EMAIL_PORT = env_int("EMAIL_PORT", 587)
    EMAIL_HOST_USER = env_str("EMAIL_HOST_USER", "")
    EMAIL_HOST_PASSWORD = env_str("EMAIL_HOST_PASSWORD", "")
    EMAIL_USE_TLS = env_bool("EMAIL_USE_TLS", True)
    EMAIL_TIMEOUT = 10

# Payments
# Without a key, which only development may lack, payments go to our Stripe sandbox.
STRIPE_SECRET_KEY = env_str("STRIPE_SECRET_KEY", development_only(""))
STRIPE_PUBLISHABLE_KEY = env_str("STRIPE_PUBLISHABLE_KEY", development_only(""))
STRIPE_WEBHOOK_SECRET = env_str("STRIPE_WEBHOOK_SECRET", development_only(""))
STRIPE_SANDBOX_URL = env_url(
    "STRIPE_SANDBOX_URL", "" if STRIPE_SECRET_KEY else "http://localhost:8001"
)
if STRIPE_SANDBOX_URL and not IS_DEVELOPMENT:
    raise ImproperlyConfigured("STRIPE_SANDBOX_URL is for DEBUG only: no real money.")
if STRIPE_SANDBOX_URL:
    # Known to everybody, and good for nothing but the sandbox.
    STRIPE_SECRET_KEY = STRIPE_SECRET_KEY or "sk_test_sandbox"
    STRIPE_PUBLISHABLE_KEY = STRIPE_PUBLISHABLE_KEY or "pk_test_sandbox"
    STRIPE_WEBHOOK_SECRET = STRIPE_WEBHOOK_SECRET or "whsec_sandbox"
# Stripe signs the events of connected accounts with a secret of their own.
STRIPE_CONNECT_WEBHOOK_SECRET = env_str(
    "STRIPE_CONNECT_WEBHOOK_SECRET", development_only(STRIPE_WEBHOOK_SECRET)
)
STRIPE_EVENT_KEEP_DAYS = env_int("STRIPE_EVENT_KEEP_DAYS", 90, minimum=31)
STRIPE_API_BASE = STRIPE_SANDBOX_URL or "https://api.stripe.com"
STRIPE_JS_URL = f"{STRIPE_SANDBOX_URL or 'https://js.stripe.com'}/v3/"

# Video
# One second is the least; development also takes the tiny clips that tests use.
VIDEO_MIN_MS = env_int("VIDEO_MIN_MS", 250 if IS_DEVELOPMENT else 1000)
VIDEO_MAX_SECONDS = env_int("VIDEO_MAX_SECONDS", 180)
VIDEO_MAX_BYTES = env_int("VIDEO_MAX_BYTES", 1024**3)
# Of one seller at a time; what nobody goes on with is removed.
VIDEO_UPLOADS_OPEN = env_int("VIDEO_UPLOADS_OPEN", 20, minimum=1)
VIDEO_UPLOADS_OPEN_BYTES = env_int("VIDEO_UPLOADS_OPEN_BYTES", 10 * 1024**3)
VIDEO_UPLOAD_KEEP_HOURS = env_int("VIDEO_UPLOAD_KEEP_HOURS", 23, minimum=1)
# On the disk of the private files: a finished upload is moved, not copied.
VIDEO_PARTS_ROOT = PRIVATE_ROOT / "parts"
# The whole ladder once more in each.
VIDEO_EXTRA_CODECS = env_choices("VIDEO_EXTRA_CODECS", ["av1", "hevc"])
# Of one ffmpeg: memory grows with its threads and codecs.  A media worker runs as many
# at once as its --concurrency says.
VIDEO_THREADS = env_int("VIDEO_THREADS", 2, minimum=1)
VIDEO_MEMORY_BYTES = env_int("VIDEO_MEMORY_BYTES", (3 + len(VIDEO_EXTRA_CODECS)) << 30)
VIDEO_MAX_SLOWNESS = env_int("VIDEO_MAX_SLOWNESS", 60)
VIDEO_WORK_ROOT = VAR_DIR / "work"
FEED_MODEL_ROOT = VAR_DIR / "feed"
VIDEO_DELETED_KEEP_DAYS = env_int("VIDEO_DELETED_KEEP_DAYS", 30, minimum=1)
# Of the shorter video's pictures in the other, from which it is reported as a copy.
VIDEO_COPY_PERCENT = env_int("VIDEO_COPY_PERCENT", 50, minimum=1)
# How sure the model must be before a moderator is asked to look.
VIDEO_NUDITY_PERCENT = env_int("VIDEO_NUDITY_PERCENT", 80, minimum=1)

# Language and time
LANGUAGE_CODE = "en"
# Libraries know more, but half a page in German helps nobody.
LANGUAGES = [("en", "English")]
FORMAT_MODULE_PATH = "marketplace.formats"
TIME_ZONE = "UTC"

# Security
HTTPS = not IS_DEVELOPMENT
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
SESSION_ENGINE = "marketplace.sessions"
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}session"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrf"
LANGUAGE_COOKIE_NAME = f"{COOKIE_PREFIX}language"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
STAFF_MFA_REQUIRED = env_bool("STAFF_MFA_REQUIRED", not IS_DEVELOPMENT)

MEDIA_ORIGINS = [MEDIA_URL, *bucket_origins(video_bucket())] if HAS_BUCKETS else []
# Sellers' browsers send their videos straight there.
UPLOAD_ORIGINS = bucket_origins(private_bucket()) if HAS_BUCKETS else []
MEDIA_ORIGINS += [] if VIDEO_URL.startswith("/") else [VIDEO_URL]
CONTENT_SECURITY_POLICY = content_security.policy(
    media=MEDIA_ORIGINS,
    connections=[STRIPE_API_BASE, *MEDIA_ORIGINS, *UPLOAD_ORIGINS],
    stripe_sandbox=STRIPE_SANDBOX_URL,
)
LOGGING = logging_settings(env_str("LOG_LEVEL", "INFO"))

REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    "NUM_PROXIES": ALLAUTH_TRUSTED_PROXY_COUNT,
}
SPECTACULAR_SETTINGS = {"TITLE": SITE_NAME, "SERVE_INCLUDE_SCHEMA": False}

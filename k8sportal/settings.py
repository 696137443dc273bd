"""Django settings and the portal's own, read once from the environment.

Every variable is documented in docs/settings.md (a test compares). A wrong one is noted in
`PORTAL_SETTING_ERRORS` and refused at start-up in words; see k8sportal.environment.
"""

import os
import re
from pathlib import Path
from typing import Any

from k8sportal.environment import Environment
from k8sportal.logs import configure_structlog, logging_config

BASE_DIR = Path(__file__).resolve().parent.parent
ENV = Environment(os.environ)

# --- Django itself -------------------------------------------------------------------------------

DEBUG = bool(ENV.boolean("DJANGO_DEBUG", "E001"))
SECRET_KEY = ENV.secret("DJANGO_SECRET_KEY", "E002")
if not SECRET_KEY:
    ENV.wrong(
        "E002",
        "DJANGO_SECRET_KEY is not set.",
        "Set it, or DJANGO_SECRET_KEY_FILE, to a long random text, the same for every replica. "
        "`make run` makes one and keeps it in .portal/secret_key.",
    )

INSTALLED_APPS = [
    "daphne",  # first: it replaces runserver by one that speaks WebSocket
    "pods.apps.PodsConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "csp",
    "axes",
    "simple_history",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "k8sportal.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "k8sportal.middleware.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "k8sportal.urls"
ASGI_APPLICATION = "k8sportal.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]  # each in itself: whoever looks for one reads it
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- Where the portal listens, and how people reach it -------------------------------------------

HOST = ENV.text("HOST", "127.0.0.1")
PORT = ENV.number("PORT", 8000, "E003", low=1, high=65535)
PORTAL_SERVER = ENV.choice("PORTAL_SERVER", ("daphne", "uvicorn"), "E004")

PORTAL_PUBLIC_URL = ENV.public_url("PORTAL_PUBLIC_URL", "E005")
PORTAL_PATH_PREFIX = PORTAL_PUBLIC_URL.prefix if PORTAL_PUBLIC_URL else ""
PORTAL_TRUSTED_PROXIES = ENV.networks("PORTAL_TRUSTED_PROXIES", "E006")
PORTAL_METRICS_FROM = ENV.networks("PORTAL_METRICS_FROM", "E007", ("127.0.0.0/8", "::1"))

ALLOWED_HOSTS = ENV.words("DJANGO_ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = ENV.origins("DJANGO_CSRF_TRUSTED_ORIGINS", "E008")
if PORTAL_PUBLIC_URL:
    ALLOWED_HOSTS.append(PORTAL_PUBLIC_URL.host)
    CSRF_TRUSTED_ORIGINS.append(PORTAL_PUBLIC_URL.origin)
if not ALLOWED_HOSTS:
    ALLOWED_HOSTS = ["localhost", ".localhost", "127.0.0.1", "[::1]"]
    if HOST not in ("0.0.0.0", "::"):  # noqa: S104 - a comparison, nothing is bound here
        ALLOWED_HOSTS.append(f"[{HOST}]" if ":" in HOST else HOST)

FORCE_SCRIPT_NAME = PORTAL_PATH_PREFIX or None
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = LANGUAGE_COOKIE_PATH = f"{PORTAL_PATH_PREFIX}/"
SESSION_COOKIE_SECURE = bool(PORTAL_PUBLIC_URL and PORTAL_PUBLIC_URL.scheme == "https")
CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SESSION_COOKIE_SECURE
SESSION_COOKIE_NAME = "k8sportal_session"
CSRF_COOKIE_NAME = "k8sportal_csrf"
LANGUAGE_COOKIE_NAME = "k8sportal_language"
SESSION_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600  # seconds
CSRF_FAILURE_VIEW = "pods.api.csrf_failure"

# --- Signing in ----------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"
SESSION_ENGINE = "django.contrib.sessions.backends.db"  # pods.access asks the database who is signed in

# An attacker must lock out neither everybody behind a proxy nor one person everywhere, so what is
# locked is a name together with an address. The address is the one k8sportal.proxies settled on.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "k8sportal.proxies.request_address"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours, as templates/429.html says
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "429.html"
AXES_VERBOSE = False

PORTAL_ADMIN_PASSWORD = ENV.secret("PORTAL_ADMIN_PASSWORD", "E009")
PORTAL_ANONYMOUS_READ = ENV.boolean("PORTAL_ANONYMOUS_READ", "E010")

# --- Clusters ------------------------------------------------------------------------------------

KUBECONFIG = ENV.text("KUBECONFIG")
PORTAL_DEMO = bool(ENV.boolean("PORTAL_DEMO", "E011"))
PORTAL_DEMO_URL = ENV.text("PORTAL_DEMO_URL")
if PORTAL_DEMO_URL and not re.fullmatch(r"https?://[^/\s]+/?", PORTAL_DEMO_URL):
    ENV.wrong(
        "E012",
        f"PORTAL_DEMO_URL is not the address of a demo cluster: {PORTAL_DEMO_URL!r}.",
        "Use http://127.0.0.1:8001, as `python -m democluster` prints it.",
    )

# --- Limits --------------------------------------------------------------------------------------

PORTAL_MAX_SOCKETS_PER_PERSON = ENV.number("PORTAL_MAX_SOCKETS_PER_PERSON", 200, "E020")
PORTAL_MAX_SOCKETS_PER_ADDRESS = ENV.number("PORTAL_MAX_SOCKETS_PER_ADDRESS", 5000, "E021")
PORTAL_MAX_MESSAGES_PER_SECOND = ENV.number("PORTAL_MAX_MESSAGES_PER_SECOND", 20, "E022")
PORTAL_MAX_FRAME_BYTES = ENV.number("PORTAL_MAX_FRAME_BYTES", 4096, "E023", low=1024, high=1024 * 1024)
PORTAL_MAX_NAMESPACES = ENV.number("PORTAL_MAX_NAMESPACES", 50, "E024", high=1000)
PORTAL_LINGER_SECONDS = ENV.seconds("PORTAL_LINGER_SECONDS", 5.0, "E025")
PORTAL_WIDE_SCOPE_AT = ENV.number("PORTAL_WIDE_SCOPE_AT", 20, "E026")

# --- Data ----------------------------------------------------------------------------------------

PORTAL_DATA_DIR = Path(ENV.text("PORTAL_DATA_DIR", str(BASE_DIR / ".portal")))
_configured_database = ENV.database(ENV.secret("DATABASE_URL", "E030"), "E030")
if _configured_database is None:
    try:
        PORTAL_DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        ENV.wrong(
            "E031",
            f"The data folder cannot be made: {PORTAL_DATA_DIR}: {error.strerror}.",
            "Set PORTAL_DATA_DIR to a folder that the portal may write, or DATABASE_URL.",
        )
_database: dict[str, Any] = _configured_database or {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": str(PORTAL_DATA_DIR / "portal.sqlite3"),
}
if _database["ENGINE"].endswith("sqlite3"):
    _database["OPTIONS"] = {
        "timeout": 10,
        "transaction_mode": "IMMEDIATE",  # a lock wanted halfway through fails at once, without waiting
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    _database.setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
DATABASES = {"default": _database}

REDIS_URL = ENV.redis_url("REDIS_URL", "E032", "E034")
PORTAL_LAYER_KEY = ENV.secret("PORTAL_LAYER_KEY", "E035")
PORTAL_INSTANCE = ENV.text("PORTAL_INSTANCE")
if PORTAL_INSTANCE and not re.fullmatch(r"[A-Za-z0-9_.-]{1,40}", PORTAL_INSTANCE):
    ENV.wrong(
        "E033",
        f"PORTAL_INSTANCE cannot be part of a Redis name: {PORTAL_INSTANCE!r}.",
        "Use at most 40 ASCII letters, digits, hyphens, underscores and periods.",
    )
# Replicas speak through a layer of their own (k8sportal.fleet), whose prefix the database may have to tell.
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

# --- Static files --------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Where nobody has run `collectstatic` (the plain Django way), or while the front end is being worked
# on, files are served as they lie in static/.
WHITENOISE_USE_FINDERS = DEBUG or not (STATIC_ROOT / "staticfiles.json").is_file()
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_ALLOW_ALL_ORIGINS = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "k8sportal.storage.HashedStaticFilesStorage"},
}

# --- What browsers may do with our pages ---------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'"],  # CSP 3: ws and wss of the page's own host and port as well
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True

# --- The log -------------------------------------------------------------------------------------

configure_structlog()
LOGGING_CONFIG = "logging.config.dictConfig"
LOGGING = logging_config(json=not DEBUG)

PORTAL_SETTING_ERRORS = tuple(ENV.errors)

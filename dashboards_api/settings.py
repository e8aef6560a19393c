"""The settings of the service. Each environment variable is described in docs/configuration.md.

The value of any variable can be read from a file instead: NAME_FILE=/run/secrets/name.
"""

import os
from pathlib import Path
from typing import Any

import structlog
from corsheaders.defaults import default_headers

from dashboards_api.api_document import DESCRIPTION, TAGS
from dashboards_api.data_dir import get_stored_secret
from dashboards_api.db.database_url import build_database_settings, parse_database_url
from dashboards_api.environment import (
    get_default_workers,
    get_hosts,
    parse_boolean,
    parse_engine_url,
    parse_hosts,
    parse_log_level,
    parse_networks,
    parse_origins,
    parse_public_url,
    parse_query_timeout,
    parse_query_workers,
    parse_rates,
    parse_secret,
    parse_statement_timeout,
    parse_token,
    parse_workers,
)
from dashboards_api.environment_reader import Environment, SettingError
from dashboards_api.http.request_body import LARGE_BODY_BYTES
from dashboards_api.release import VERSION

env = Environment(os.environ)
BASE_DIR = Path(__file__).resolve().parent.parent

# --- The deployment -----------------------------------------------------------------------------------------------

DEBUG = env.value("DEBUG", parse_boolean, "off")
DATA_DIR = env.value("DATA_DIR", Path, str(BASE_DIR / "data"))
SECRET_KEY = env.value("SECRET_KEY", parse_secret) or get_stored_secret(DATA_DIR)

PUBLIC_URL = env.value("PUBLIC_URL", parse_public_url)
ALLOWED_HOSTS = [*env.items("ALLOWED_HOSTS", parse_hosts), "localhost", "127.0.0.1", "[::1]", *get_hosts(PUBLIC_URL)]
TRUSTED_PROXIES = env.items("TRUSTED_PROXIES", parse_networks)
WORKERS = env.value("WORKERS", parse_workers, str(get_default_workers()))

HTTPS = PUBLIC_URL.startswith("https://")
if DEBUG and HTTPS:
    raise SettingError("DEBUG", "must be off if PUBLIC_URL is an https URL")

SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]  # requested from inside, over plain HTTP
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_ENGINE = "users.auth.session_store"
CSRF_COOKIE_NAME = "posthog_csrftoken"  # the name that clients read
CSRF_FAILURE_VIEW = "pages.error_pages.csrf_failure"
# The function that draws charts for exports. It is configured here, because the API must not import pages.
CHART_IMAGES = "pages.components.images.draw_image"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL else []
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SILENCED_SYSTEM_CHECKS = [
    "security.W003",  # CSRF: BrowserCsrfMiddleware is Django's, for requests without a key
    "security.W005",  # HSTS is for this host only, because other hosts of the domain may not use HTTPS
    "security.W021",  # only the operator of the domain can add it to the preload list
]

# --- The applications ---------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "corsheaders",
    "dashboards_api",
    "users",
    "engine",
    "events",
    "queries",
    "dashboards",
    "pages",
]
MIDDLEWARE = [
    "dashboards_api.http.middleware.TrustedProxyMiddleware",
    "dashboards_api.http.middleware.RequestLogMiddleware",
    "dashboards_api.http.middleware.GZipCompressionMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "dashboards_api.http.middleware.HostCheckMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "dashboards_api.http.middleware.PageCSPMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "dashboards_api.http.middleware.OptionalSlashMiddleware",
    "users.auth.authentication.BrowserSessionMiddleware",
    "users.auth.authentication.BrowserCsrfMiddleware",
]
METRICS_TOKEN = env.value("METRICS_TOKEN", parse_token)
if METRICS_TOKEN:
    MIDDLEWARE.insert(0, "dashboards_api.http.metrics.MetricsMiddleware")
ROOT_URLCONF = "dashboards_api.urls"
WSGI_APPLICATION = "dashboards_api.wsgi.application"
APPEND_SLASH = False  # OptionalSlashMiddleware adds the slash, because a redirect drops the body
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]

# --- The database -------------------------------------------------------------------------------------------------

# libpq completes DATABASE_URL from PGHOST, PGPORT, PGUSER and PGPASSWORD. PGPASSWORD_FILE is a setting of this service.
PGPASSWORD = env.value("PGPASSWORD", str)
PREPARED_STATEMENTS = env.value("PREPARED_STATEMENTS", parse_boolean, "true")
SQLITE_URL = f"sqlite:///{(DATA_DIR / 'dashboards.sqlite3').absolute()}"
DATABASES: dict[str, Any] = {
    "default": build_database_settings(
        env.value("DATABASE_URL", parse_database_url, SQLITE_URL), PGPASSWORD, prepared=PREPARED_STATEMENTS
    )
}
STATEMENT_TIMEOUT_MS = env.value("STATEMENT_TIMEOUT", parse_statement_timeout, "15")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- The engine that computes results ------------------------------------------------------------------------------

ENGINE = env.value("ENGINE", parse_boolean, "on")
ENGINE_URL = env.value("ENGINE_URL", parse_engine_url)
QUERY_WORKERS = env.value(
    "QUERY_WORKERS", parse_query_workers, "2"
)  # queries that are run at the same time; 0 if another machine runs queries
QUERY_TIMEOUT = env.value("QUERY_TIMEOUT", parse_query_timeout, "8")  # seconds

# --- Authentication and limits ------------------------------------------------------------------------------------

AUTH_USER_MODEL = "users.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "users.password_validators.MaximumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 24 * 3600  # of set-up links
RATE_LIMITS = env.items("RATE_LIMITS", parse_rates, "6000/minute")  # of each API key
QUERY_RATE_LIMITS = env.items("QUERY_RATE_LIMITS", parse_rates, "600/minute")  # of queries that a key has computed
RATE_LIMIT_UNIT_SECONDS = 0.02  # of CPU time, so an expensive request counts as several requests
REQUIRE_IF_MATCH = env.value("REQUIRE_IF_MATCH", parse_boolean, "off")  # in changes to dashboards
CORS_ALLOWED_ORIGINS = env.items("CORS_ALLOWED_ORIGINS", parse_origins, "*")
CORS_ALLOW_ALL_ORIGINS = "*" in CORS_ALLOWED_ORIGINS
if CORS_ALLOW_ALL_ORIGINS:
    CORS_ALLOWED_ORIGINS = []
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_CREDENTIALS = False
CORS_ALLOW_HEADERS = [
    *default_headers,
    "idempotency-key",
    "if-match",
    "if-none-match",
    "prefer",
    "x-request-id",
    "x-posthog-client",
]
CORS_EXPOSE_HEADERS = [
    "ETag",
    "Idempotency-Replayed",
    "Ignored-Fields",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
    "WWW-Authenticate",
    "X-Request-ID",
]

# Pages load their own styles only. Views add the sources that they need.
EMBED_ORIGINS = env.items("EMBED_ORIGINS", parse_origins, "*") or ["'none'"]
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    },
}

# --- The API ------------------------------------------------------------------------------------------------------

MAX_BODY_BYTES = LARGE_BODY_BYTES
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "users.auth.authentication.PersonalAPIKeyAuthentication",
        "users.auth.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "users.auth.permissions.HasRequiredScopes",
    ],
    "DEFAULT_PARSER_CLASSES": [
        "dashboards_api.http.parsers.JSONParser",
        "dashboards_api.http.parsers.FormParser",
        "dashboards_api.http.parsers.MultiPartParser",
    ],
    "DEFAULT_RENDERER_CLASSES": ["dashboards_api.http.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "dashboards_api.http.renderers.ContentNegotiation",
    "DEFAULT_PAGINATION_CLASS": "dashboards_api.http.pagination.LimitOffsetPagination",
    "DEFAULT_SCHEMA_CLASS": "dashboards_api.http.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "dashboards_api.http.exception_handler.exception_handler",
}
EXCEPTIONS_HOG = {"ENABLE_IN_DEBUG": True, "NESTED_KEY_SEPARATOR": "__"}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "dashboards-api",
    "DESCRIPTION": DESCRIPTION,
    "TAGS": TAGS,
    "VERSION": VERSION,
    "LICENSE": {"name": "MIT"},
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_SETTINGS": {"persistAuthorization": False, "validatorUrl": None, "deepLinking": True, "filter": True},
    "SCHEMA_PATH_PREFIX": r"/api/(projects|environments)/{project_id}",
    "PREPROCESSING_HOOKS": ["dashboards_api.http.openapi.select_api_routes"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "dashboards_api.http.openapi.describe_success",
        "dashboards_api.http.openapi_errors.document_errors",
        "dashboards_api.http.openapi_examples.document_examples",
        "dashboards_api.http.openapi.make_bodies_optional",
        "dashboards_api.http.openapi.name_enum_members",
    ],
    # One published generator writes invalid Python for a component for null.
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "ENUM_NAME_OVERRIDES": {
        "RestrictionLevelEnum": "dashboards.models.RestrictionLevel",
        "PrivilegeLevelEnum": "dashboards.models.PrivilegeLevel",
        "CreationModeEnum": "dashboards.models.CreationMode",
        "GridSpacingEnum": "dashboards.models.GridSpacing",
        "ScopeEnum": "dashboards.models.TemplateScope",
        "ActivityScopeEnum": "dashboards.models.ActivityScope",
        "ActionEnum": "dashboards.serializers.bulk.TAG_ACTIONS",
        "ChangeActionEnum": "dashboards.serializers.activity.CHANGE_ACTIONS",
        "ButtonPlacementEnum": "dashboards.models.ButtonPlacement",
        "ButtonStyleEnum": "dashboards.models.ButtonStyle",
        "WeekStartDayEnum": "users.models.WeekStartDay",
    },
}

# --- Language, time, static files ---------------------------------------------------------------------------------

LANGUAGE_CODE = "en-us"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True  # serve static files from the packages, without collectstatic

# --- Logs ---------------------------------------------------------------------------------------------------------

LOG_LEVEL = env.value("LOG_LEVEL", parse_log_level, "INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": "dashboards_api.http.logging.JSONFormatter",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        # Django's log of 4xx and 5xx contains full paths; the request log contains the same requests without secrets.
        "django.request": {"level": "CRITICAL"},
        "django.security": {"level": "CRITICAL"},
    },
}
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.format_exc_info,
        structlog.stdlib.render_to_log_args_and_kwargs,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)

# --- Variables that are not settings -------------------------------------------------------------------------------

REMOVED_SETTINGS = env.find_removed(("REPLICA_URLS", "REPLICA_MAX_LAG_MS"))
MISSPELLED_SETTINGS = env.find_misspelled()

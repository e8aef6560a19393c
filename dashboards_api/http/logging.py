"""Log records as lines of JSON."""

import logging
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog


class JSONFormatter(logging.Formatter):
    """A formatter that writes log records, from structlog or from elsewhere, as one line of JSON each."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "event": record.getMessage(),
            **structlog.contextvars.get_contextvars(),
            **{name: value for name, value in record.__dict__.items() if name not in _STANDARD_ATTRIBUTES},
            "timestamp": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=repr, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS).decode()


_STANDARD_ATTRIBUTES = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "timestamp", "level"}

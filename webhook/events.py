"""Log events: one JSON line each, as Cloud Logging reads it, without personal data, secret, address or payload."""

import json
import logging
import sys

_LOGGER = logging.getLogger("tiny_webhook")


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; a library's message stays unfilled, as its arguments may hold a path with a secret."""
        failure = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        library = {
            "event": "library_message",
            "logger": record.name,
            "template": str(record.msg),
            "error": failure,
        }
        return json.dumps({"severity": record.levelname, **getattr(record, "fields", library)})


def configure() -> None:
    """Send every record to standard output: events from INFO on, libraries' from WARNING on."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    # force: the framework's own handler would print libraries' messages in full.
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    _LOGGER.setLevel(logging.INFO)


def emit(severity: int, event: str, **fields: object) -> None:
    """Log one event."""
    _LOGGER.log(severity, "%s", event, extra={"fields": {"event": event, **fields}})

"""Log events: one JSON line each, as Cloud Logging reads it, on standard output.

No event holds personal data, a secret, an address or a payload: callers give names, kinds and counts.
"""

import json
import logging
import sys
from typing import Final

_LOGGER: Final = logging.getLogger("tiny_webhook")


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line.

        Of a library's record only the unfilled message is kept: its arguments and its traceback may hold the
        path of a request, and with it the secret.
        """
        fields = getattr(record, "fields", None)
        if fields is None:
            failure = record.exc_info[0] if record.exc_info else None
            fields = {
                "event": "library_message",
                "logger": record.name,
                "template": str(record.msg),
                "error": failure.__name__ if failure else None,
            }
        return json.dumps({"severity": record.levelname, **fields})


def configure() -> None:
    """Send every log record to standard output as JSON: events from INFO on, libraries' from WARNING on."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    # force: the framework may have set up a handler that would print libraries' messages in full.
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    _LOGGER.setLevel(logging.INFO)


def emit(severity: int, event: str, **fields: object) -> None:
    """Log one event.

    Args:
        severity: A level of `logging`; Cloud Logging has the same names.
        event: Name of the event, such as `webhook_stored`.
        **fields: What there is to say about it; a field that is None is left out.
    """
    known = {name: value for name, value in fields.items() if value is not None}
    _LOGGER.log(severity, "%s", event, extra={"fields": {"event": event, **known}})

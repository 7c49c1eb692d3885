"""Log lines: one JSON object each, and nothing of a request in a library's."""

import json
import logging
import sys

from webhook.events import JsonLines


def line(record: logging.LogRecord) -> dict[str, object]:
    text = JsonLines().format(record)
    assert "\n" not in text
    parsed = json.loads(text)
    assert isinstance(parsed, dict)
    return parsed


def test_an_event_is_its_fields() -> None:
    record = logging.makeLogRecord({"levelname": "INFO", "fields": {"event": "x", "store": "ação\n"}})
    assert line(record) == {"severity": "INFO", "event": "x", "store": "ação\n"}


def test_a_librarys_message_stays_unfilled() -> None:
    try:
        raise ValueError("the secret in an error")
    except ValueError:
        failure = sys.exc_info()
    path = "/the-secret-in-a-path"
    record = logging.LogRecord("flask", logging.ERROR, "app.py", 1, "Exception on %s", (path,), failure)
    assert line(record) == {
        "severity": "ERROR",
        "event": "library_message",
        "logger": "flask",
        "template": "Exception on %s",
        "error": "ValueError",
    }

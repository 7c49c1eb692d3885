"""Each alert and chart looks for what the pipeline really logs: for the events and fields of its code, in its own form."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from tests.deploy.terraforming import REPO, Planned, needs_terraform, planned
from tiny_operators.events import Field, format_event
from tiny_operators.stores import _NUMBERS

pytestmark = needs_terraform

Fields = dict[str, Field]
Logged = tuple[str, Fields]
# As Composer writes what a task logs.
LINE: Final = "[2026-11-26, 12:00:00 UTC] {watch.py:90} INFO - "
# Lines by which an alert begins, and others like them by which it does not.
FIRES: Final[Mapping[str, tuple[list[Logged], list[Logged]]]] = {
    "rejected": (
        [
            ("rejected", {"store": "z316", "step": "rows"}),
            ("file_rejected", {"store": "z316", "object": "a"}),
        ],
        [("inbox_cleared", {"store": "z316", "run": "r", "stuck": 0, "done": 3, "rejected": 0})],
    ),
    "differences": (
        [
            ("reconciled", {"store": "z316", "run": "r", "days": 35, "differences": 1, "repaired": 1}),
            ("reconciled", {"store": "z316", "run": "r", "days": 35, "differences": 120, "repaired": 0}),
        ],
        [("reconciled", {"store": "z316", "run": "r", "days": 35, "differences": 0, "repaired": 0})],
    ),
    "tiny_is_down": ([("tiny_is_down", {"store": "z316", "run": "r"})], [("tiny_retry", {"service": "s"})]),
    "bucket_left_open": ([("bucket_left_open", {"bucket": "b"})], [("bucket_not_seen", {"bucket": "b"})]),
    "alert_failed": ([("alert_failed", {"title": "t", "error": "e"})], [("alert_sent", {"title": "t"})]),
}
RECEIVER: Final = {"webhook_not_stored": "webhook_not_stored", "receiver_not_started": "receiver_not_started"}
RETRY: Final[Fields] = {"service": "s", "reason": "too many calls", "code": 6, "failures": 1, "seconds": 1.5}
COUNTED: Final[Mapping[str, tuple[list[Fields], list[Fields]]]] = {
    "throttled": (
        [RETRY, RETRY | {"code": 11}],
        [RETRY | {"code": 35}, RETRY | {"code": 1}, RETRY | {"code": None}],
    ),
    "retries": ([RETRY, RETRY | {"code": 35}, RETRY | {"code": None}], []),
}
MEASURED: Final[Mapping[str, tuple[str, Fields, str]]] = {
    "waiting_minutes": (
        "inbox_watched",
        {"store": "z316", "moving": False, "files": 3, "oldest_minutes": 75},
        "75",
    ),
    "quiet_minutes": ("webhooks_watched", {"store": "z316", "quiet_minutes": 121}, "121"),
    "orders_done": (
        "inbox_cleared",
        {"store": "z316", "run": "r", "stuck": 0, "done": 17, "rejected": 2, "ignored": 0, "waiting": 1},
        "17",
    ),
    "orders_rejected": (
        "inbox_cleared",
        {"store": "z316", "run": "r", "stuck": 0, "done": 17, "rejected": 2, "ignored": 0, "waiting": 1},
        "2",
    ),
}


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Planned:
    return planned(tmp_path_factory.mktemp("plan"))


def logged(event: str, fields: Fields) -> str:
    return LINE + format_event(event, fields)


def fits(log_filter: str, line: str) -> bool:
    """Whether a line of Airflow's log fits a filter, as the language of Cloud Logging says."""
    for part in log_filter.split(" AND "):
        found = re.fullmatch(r'(resource\.\S+|textPayload)(=~|=|:)"(.*)"', part)
        assert found, part
        name, sign, value = found.groups()
        if name == "textPayload" and not (re.search(value, line) if sign == "=~" else value in line):
            return False
    return True


def events(folder: Path, call: str, place: int) -> dict[str, set[str]]:
    """Events that a program logs, each with the names of its fields; a field of another dictionary is ``**``."""
    found: dict[str, set[str]] = {}
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == call and len(node.args) > place:
                name = node.args[place]
                if isinstance(name, ast.Constant) and isinstance(name.value, str):
                    fields = {keyword.arg or "**" for keyword in node.keywords}
                    found.setdefault(name.value, set()).update(fields)
    return found


@pytest.mark.parametrize("name", sorted(FIRES))
def test_an_alert_begins_by_its_lines_only(plan: Planned, name: str) -> None:
    policy = plan.of("google_monitoring_alert_policy")[f'log["{name}"]']
    log_filter = policy["conditions"][0]["condition_matched_log"][0]["filter"]
    fire, pass_over = FIRES[name]
    assert [line for line in fire if not fits(log_filter, logged(*line))] == []
    assert [line for line in pass_over if fits(log_filter, logged(*line))] == []
    every = [line for lines, _ in FIRES.values() for line in lines]
    assert [line for line in every if fits(log_filter, logged(*line))] == fire


def test_every_alert_of_a_line_is_tried_here(plan: Planned) -> None:
    names = {n[5:-2] for n in plan.of("google_monitoring_alert_policy") if n.startswith('log["')}
    assert names == {*FIRES, *RECEIVER}


def test_the_package_logs_these_events_with_these_fields() -> None:
    known = events(REPO / "plugins", "log_event", 1)
    tried = [line for lines, others in FIRES.values() for line in (*lines, *others)]
    tried += [(event, fields) for event, fields, _ in MEASURED.values()]
    tried += [("tiny_retry", RETRY)]
    for event, fields in tried:
        if event == "rejected":
            # Its name is given to a method that logs.
            text = (REPO / "plugins/tiny_operators/batches/row_files.py").read_text()
            assert 'self._log("rejected"' in text
            continue
        assert event in known, event
        unknown = set(fields) - known[event]
        assert not unknown or "**" in known[event], (event, unknown)


def test_the_receiver_logs_these_events(plan: Planned) -> None:
    text = (REPO / "webhook" / "main.py").read_text()
    for name, event in RECEIVER.items():
        policy = plan.of("google_monitoring_alert_policy")[f'log["{name}"]']
        log_filter = policy["conditions"][0]["condition_matched_log"][0]["filter"]
        assert log_filter.endswith(f'jsonPayload.event="{event}"')
        assert f'"{event}"' in text


@pytest.mark.parametrize("name", sorted(MEASURED))
def test_a_number_is_read_from_its_line(plan: Planned, name: str) -> None:
    metric = plan.of("google_logging_metric")[f'measured["{name}"]']
    event, fields, value = MEASURED[name]
    line = logged(event, fields)
    assert fits(metric["filter"], line)
    assert extracted(metric["value_extractor"], line) == value
    labels = {label: extracted(text, line) for label, text in metric["label_extractors"].items()}
    assert labels == {label: str(fields[label]) for label in labels}
    assert labels["store"] == "z316"


def extracted(extractor: str, line: str) -> str | None:
    found = re.fullmatch(r'REGEXP_EXTRACT\(textPayload, "(.*)"\)', extractor)
    assert found, extractor
    match = re.search(found[1], line)
    return match[1] if match else None


@pytest.mark.parametrize("name", sorted(MEASURED))
def test_a_distribution_reaches_what_an_alert_may_wait_for(plan: Planned, name: str) -> None:
    metric = plan.of("google_logging_metric")[f'measured["{name}"]']
    bounds = metric["bucket_options"][0]["explicit_buckets"][0]["bounds"]
    assert len(bounds) + 1 <= 200, "Cloud Monitoring takes no more buckets"
    assert bounds == sorted(set(bounds))
    assert {60, 120} <= set(bounds), "the alerts' own defaults are told exactly"
    most = max(_NUMBERS[field][2] for field in ("quiet_minutes", "waiting_minutes"))
    assert bounds[-1] > most, "what is above the last bound cannot be told"


def test_every_metric_is_tried_here(plan: Planned) -> None:
    tried = {*(f'measured["{name}"]' for name in MEASURED), *(f'counted["{name}"]' for name in COUNTED)}
    assert set(plan.of("google_logging_metric")) == tried


@pytest.mark.parametrize("name", sorted(COUNTED))
def test_retries_are_counted_by_their_code(plan: Planned, name: str) -> None:
    log_filter = plan.of("google_logging_metric")[f'counted["{name}"]']["filter"]
    counted, others = COUNTED[name]
    assert [fields for fields in counted if not fits(log_filter, logged("tiny_retry", fields))] == []
    assert [fields for fields in others if fits(log_filter, logged("tiny_retry", fields))] == []


def test_alerts_and_charts_name_metrics_that_are_made(plan: Planned) -> None:
    made = {value["name"] for value in plan.of("google_logging_metric").values()}
    texts = [
        str(value)
        for kind in ("alert_policy", "dashboard")
        for value in plan.of(f"google_monitoring_{kind}").values()
    ]
    named = {name for text in texts for name in re.findall(r"logging\.googleapis\.com/user/(\w+)", text)}
    assert named == made


def test_each_alert_says_what_to_do(plan: Planned) -> None:
    for name, policy in plan.of("google_monitoring_alert_policy").items():
        assert len(policy["documentation"][0]["content"].split()) >= 8, name

"""Telling people: the setting, and what is said."""

from __future__ import annotations

import json
import logging
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from tests.failures import error_of, lost, refused
from tiny_operators._compat import AirflowFailException, BaseNotifier
from tiny_operators.alerts import AlertsError, Failure, alert, failure_callback, read_alerts
from tiny_operators.batches.run_request import RequestError, read_request
from tiny_operators.stores import load_stores

STORE = load_stores()[0]
DOCS = """
What it does.

### Triage
* **fetch** takes long: see `progress`.
* **fetch** failed at once: its error says what to do. Nothing is lost:
  the files wait.
* **fetch** failed after its tries: clear the task.
* **load**, **merge** or **find** failed: read the job's error.
* **plan** is skipped, as **archive** failed: all is well.
* `rows` counts `rejected`: see `rejected/`.
"""


class Told(BaseNotifier):
    """Keeps what it was to say."""

    template_fields = ("text", "data")
    said: ClassVar[list[tuple[str, Any]]] = []

    def __init__(self, text: str, data: Any = None) -> None:
        super().__init__()
        self.text, self.data = text, data

    def notify(self, context: Any) -> None:
        self.said.append((self.text, self.data))


class Broken(BaseNotifier):
    """Fails."""

    def notify(self, context: Any) -> None:
        raise ConnectionError("secret-host")


def results_of(results: dict[str, Any]) -> Any:
    def xcom_pull(task_ids: str) -> Any:
        return results.get(task_ids)

    return xcom_pull


def with_error(context: Any, error: BaseException | None) -> Any:
    return {**context, "exception": error}


@pytest.fixture
def context() -> Any:
    results = {"plan": {"orders": 20, "files": 21}, "rows": None}
    ti = SimpleNamespace(
        dag_id="z316_webhook",
        task_id="fetch",
        run_id="manual__{{ 1 }}",
        try_number=4,
        xcom_pull=results_of(results),
    )
    dag = SimpleNamespace(
        doc_md=DOCS, get_template_env=lambda **arguments: None, render_template_as_native_obj=False
    )
    return {"ti": ti, "dag": dag}


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Any:
    def configure(notifier: str, **arguments: Any) -> None:
        value = json.dumps({"notifier": f"{__name__}.{notifier}", "arguments": arguments})
        monkeypatch.setenv("AIRFLOW_VAR_TINY_ALERTS", value)

    Told.said.clear()
    return configure


@pytest.mark.parametrize("text", [None, "", "  "])
def test_alerts_are_off_without_the_variable(text: str | None) -> None:
    assert read_alerts(text) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "it is no JSON"),
        ("[]", "must be a JSON object"),
        ('{"notifier": "a.B", "argument": {}}', "'notifier' and 'arguments'"),
        ('{"arguments": {}}', "'notifier' must be the text"),
        ('{"notifier": "a.B", "arguments": "x"}', "'arguments' an object"),
        ('{"notifier": "no.such.module.Notifier"}', "cannot be imported"),
        ('{"notifier": "json.NoSuchName"}', "cannot be imported"),
        ('{"notifier": "json.JSONDecoder"}', "is not a notifier"),
    ],
)
def test_a_wrong_variable_is_named(text: str, says: str) -> None:
    with pytest.raises(AlertsError, match="variable tiny_alerts") as error:
        read_alerts(text)
    assert says in str(error.value)


SEE_LOG = "see the end of the task's log"


@pytest.mark.parametrize(
    ("task", "error", "says"),
    [
        ("fetch", refused(), "fetch failed: unknown parameters ['dates']; this DAG has []."),
        ("fetch", lost(), f"fetch failed. What to do: clear the task. Error: {lost()}."),
        ("fetch", ValueError("Maria"), "fetch failed. What to do: clear the task. Error: ValueError."),
        (
            "load_pdv",
            AirflowFailException("Maria"),
            "load_pdv failed. What to do: read the job's error. Error: an error of Airflow.",
        ),
        (
            "find",
            None,
            "find failed. What to do: read the job's error. Error: the task's process ended, or was "
            "ended, from outside.",
        ),
        ("plan", refused(), "plan failed: unknown parameters ['dates']; this DAG has []."),
        ("plan", ValueError("x"), f"plan failed. What to do: {SEE_LOG}. Error: ValueError."),
        ("archive", ValueError("x"), f"archive failed. What to do: {SEE_LOG}. Error: ValueError."),
    ],
)
def test_the_note_of_a_failure(task: str, error: BaseException | None, says: str) -> None:
    assert Failure.of(task, error, DOCS).note() == says


def test_a_failure_says_store_step_counts_and_what_to_do(context: Any, configured: Any) -> None:
    configured("Told", text="{title}", data={"blocks": ["{message}", 1]})
    error = error_of(lambda: read_request({"from_date": "soon"}, None, None, "UTC"))  # type: ignore[arg-type]
    assert isinstance(error, (RequestError, AttributeError))
    failure_callback(STORE)(with_error(context, error))
    ((title, data),) = Told.said
    assert title == "z316: z316_webhook.fetch failed"
    lines = data["blocks"][0].splitlines()
    assert lines[0] == title
    assert lines[1].endswith("try 4")
    assert lines[3] == "plan: orders 20, files 21"
    # It is no error that a DAG raises for good: it names no setting.
    assert lines[4] == "what to do: clear the task."


def test_only_this_packages_errors_are_quoted(context: Any, configured: Any) -> None:
    configured("Told", text="{message}")
    foreign = error_of(lambda: int("Maria Exemplo"))
    ours = error_of(lambda: read_alerts("["))
    for error in (foreign, ours, None):
        failure_callback(STORE)(with_error(context, error))
    said = [text.splitlines()[2] for text, _ in Told.said]
    assert said == [
        "error: ValueError",
        "error: AlertsError: variable tiny_alerts must be a JSON object; it is no JSON",
        "error: the task's process ended, or was ended, from outside",
    ]


def test_nobody_is_told_when_alerts_are_off(context: Any, configured: Any) -> None:
    failure_callback(STORE)(with_error(context, AirflowFailException("x")))
    assert Told.said == []


def test_an_alert_has_its_fields(context: Any, configured: Any) -> None:
    configured("Told", text="{message}")
    alert(context, "z316: 3 orders differ from Tiny", store="z316", differences=3)
    assert Told.said == [("z316: 3 orders differ from Tiny\nevent=alert store=z316 differences=3", None)]


@pytest.mark.parametrize("notifier", ["Broken", "NoSuch"])
def test_a_notifier_that_fails_fails_nothing_else(
    context: Any, configured: Any, notifier: str, caplog: pytest.LogCaptureFixture
) -> None:
    configured(notifier)
    with caplog.at_level(logging.INFO):
        failure_callback(STORE)(context)
    assert Told.said == []
    if notifier == "NoSuch":
        assert "event=alert_failed" in caplog.text

"""The watch steps: whether webhooks come, files leave the inbox, Airflow runs the webhook DAG, and yesterday is in."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tiny_operators._compat import (
    AirflowApiError,
    AirflowException,
    AirflowFailException,
    AirflowSkipException,
    Context,
    DagStatus,
    dag_status,
)
from tiny_operators._compat_runs import loaded_dates
from tiny_operators.batches.run_backoff import RunBackoff
from tiny_operators.events import log_event
from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects
from tiny_operators.opening_hours import open_since, parse_opening_hours
from tiny_operators.operators.base import StoreOperator
from tiny_operators.orders.webhooks import arrival_in_name
from tiny_operators.wording import counted

log = logging.getLogger(__name__)


class WatchWebhooksOperator(StoreOperator):
    """Fails when no webhook came for longer than the stores file allows, while the store was open.

    Looks at what arrived today: what waits in the inbox, and what was moved out of it, done or rejected.

    Returns:
        ``quiet_minutes``: minutes since the last webhook, or since the store opened.

    Raises:
        AirflowSkipException: When no webhooks are expected now.
        AirflowFailException: When none came for too long.
    """

    def execute(self, context: Context) -> dict[str, int]:
        """Look for the last webhook."""
        now = datetime.now(UTC)
        opened = open_since(
            parse_opening_hours(self.store.opening_hours), now.astimezone(ZoneInfo(self.store.timezone))
        )
        allowed = timedelta(minutes=self.store.quiet_minutes)
        if opened is None or now - opened < allowed:
            raise AirflowSkipException(
                "No webhooks are expected now: opening_hours in include/stores.yaml says when they are"
            )
        quiet = now - max([opened, *self._arrivals(now)])
        minutes = int(quiet.total_seconds() // 60)
        log_event(log, "webhooks_watched", store=self.store.prefix, quiet_minutes=minutes)
        if quiet >= allowed:
            raise AirflowFailException(
                f"No webhook of {self.store.prefix} for {counted(minutes, 'minute')}, and the store is open: see the "
                "receiver's log, and the webhook's address in Tiny"
            )
        return {"quiet_minutes": minutes}

    def _arrivals(self, now: datetime) -> Iterator[datetime]:
        """Yield when today's webhooks came, without the events of this package: the receiver never saw them."""
        day = names.day_of(now, self.store.timezone)
        api = self.objects(self.store.api_bucket)
        for objects, prefix in (
            (self.objects(self.store.webhook_bucket), ""),
            (api, names.done_prefix(day)),
            (api, names.rejected_prefix(day)),
        ):
            for blob in objects.list(prefix):
                if blob.time_created is not None and not names.is_own_event(blob.name):
                    yield min(arrival_in_name(blob.name, self.store.timezone) or now, blob.time_created)


class WatchInboxOperator(StoreOperator):
    """Fails when files are stuck in the inbox.

    A file is stuck when it has waited longer than ``waiting_minutes`` of the stores file, and in that time no run of
    the webhook DAG started that had no failed one before it. So it does not count while a long queue is processed, nor
    when runs reach their end and leave orders that Tiny does not answer about: those are asked for again, and rejected
    after a day.

    Args:
        webhook_dag: Id of the webhook DAG.
        **kwargs: See :class:`StoreOperator`.

    Returns:
        ``files``: how many wait; ``oldest_minutes``: since when the oldest does.

    Raises:
        AirflowException: When files are stuck, at the later tries too.
    """

    def __init__(self, *, webhook_dag: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.webhook_dag = webhook_dag

    def execute(self, context: Context) -> dict[str, int]:
        """Check the oldest file, and what the runs left behind."""
        now = datetime.now(UTC)
        arrived = list(arrivals(self.objects(self.store.webhook_bucket)))
        oldest = now - min(arrived, default=now)
        counts = {"files": len(arrived), "oldest_minutes": int(oldest.total_seconds() // 60)}
        allowed = timedelta(minutes=self.store.waiting_minutes)
        backoff = RunBackoff(self.objects(self.store.api_bucket), self.webhook_dag)
        moving = backoff.moving(allowed)
        log_event(log, "inbox_watched", store=self.store.prefix, moving=moving, **counts)
        if oldest > allowed and not moving:
            # Tried again: between two runs of a long queue nothing is under way.
            raise AirflowException(
                f"{counted(counts['files'], 'file waits', 'files wait')} in gs://{self.store.webhook_bucket}, the "
                f"oldest for {counted(counts['oldest_minutes'], 'minute')}, and no run of {self.webhook_dag} makes "
                "progress: look at its last runs. A failed task says what to do; without a failed one, see the task "
                "'airflow' beside this one"
            )
        return counts


class WatchAirflowOperator(StoreOperator):
    """Fails when Airflow does not run the webhook DAG: it is paused, has no run, or no triggerer is alive.

    Args:
        webhook_dag: Id of the webhook DAG.
        **kwargs: See :class:`StoreOperator`.

    Returns:
        ``runs``: how many runs of it run or are queued.

    Raises:
        AirflowFailException: When it does not; the message says which of the three, and what to do.
        AirflowSkipException: On Airflow 3, when Airflow's API cannot be asked.
    """

    def __init__(self, *, webhook_dag: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.webhook_dag = webhook_dag

    def execute(self, context: Context) -> dict[str, int]:
        """Ask Airflow."""
        try:
            found = dag_status(self.webhook_dag)
        except AirflowApiError as error:
            raise AirflowSkipException(f"Whether {self.webhook_dag} runs is not known: {error}") from error
        log_event(
            log,
            "airflow_watched",
            store=self.store.prefix,
            dag=self.webhook_dag,
            paused=found.paused,
            runs=found.runs,
            triggerer=found.triggerer,
        )
        problems = list(self._problems(found))
        if problems:
            raise AirflowFailException("Sales are not loaded: " + "; ".join(problems))
        return {"runs": found.runs}

    def _problems(self, found: DagStatus) -> Iterator[str]:
        dag = self.webhook_dag
        if found.paused is None:
            yield f"Airflow does not know the DAG {dag}: see its import errors, and whether dags/ was deployed whole"
        elif found.paused:
            yield f"the DAG {dag} is paused: unpause it, or pause this DAG as well while it is meant"
        elif not found.runs:
            yield (
                f"the DAG {dag} is not paused and has no run: see whether the scheduler is alive, and trigger the DAG "
                "by hand"
            )
        if found.triggerer != "healthy":
            yield (
                f"no triggerer is alive (state: {found.triggerer or 'there never was one'}), so nothing sees that "
                "files come: give the environment one, on Composer by: gcloud composer environments update "
                "$ENVIRONMENT --location $LOCATION --triggerer-count 1 --triggerer-cpu 0.5 --triggerer-memory 1"
            )


class WatchCompleteOperator(StoreOperator):
    """Fails when the orders of yesterday are not complete by ``complete_by_hour`` of the stores file.

    They are complete when a run of the daily DAG for that date has succeeded. While that DAG is paused,
    which may be meant, or no night of it has succeeded yet, as after its first start, people are alerted once a day, at
    that hour.

    Args:
        daily_dag: Id of the daily DAG.
        **kwargs: See :class:`StoreOperator`.

    Returns:
        ``complete_to``: the newest date that is complete.

    Raises:
        AirflowFailException: When yesterday is not complete.
        AirflowSkipException: Before that hour; after it when the daily DAG is paused or no night of it has succeeded
            yet; on Airflow 3 also when Airflow's API cannot be asked.
    """

    def __init__(self, *, daily_dag: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.daily_dag = daily_dag

    def execute(self, context: Context) -> dict[str, str]:
        """Ask Airflow."""
        now = datetime.now(ZoneInfo(self.store.timezone))
        hour = self.store.complete_by_hour
        if now.hour < hour:
            raise AirflowSkipException(f"It is before {hour}:00 in the store")
        yesterday = (now - timedelta(days=1)).date()
        try:
            complete_to = max(loaded_dates(self.daily_dag, self.store.timezone), default=None)
            complete = complete_to is not None and complete_to >= yesterday
            paused = not complete and dag_status(self.daily_dag).paused
        except AirflowApiError as error:
            raise AirflowSkipException(f"Whether yesterday is complete is not known: {error}") from error
        log_event(
            log, "days_watched", store=self.store.prefix, complete_to=str(complete_to), paused=bool(paused)
        )
        once_a_day = AirflowFailException if now.hour == hour else AirflowSkipException
        if paused:
            raise once_a_day(
                f"The orders of {yesterday} are not loaded: {self.daily_dag} is paused. Unpause it (in a shell: "
                f"airflow dags unpause {self.daily_dag}), and it runs for that date at once; trigger it with the dates "
                f"before, if some are missing. If it is paused on purpose, ignore this: it is repeated once a day, at "
                f"{hour}:00"
            )
        if complete_to is None:
            raise once_a_day(
                f"No night of {self.daily_dag} has succeeded yet, so whether the orders of {yesterday} are complete is "
                f"not known. Its first one begins at midnight UTC; if one has failed, its note says what to do. Until "
                f"one succeeds, this message comes once a day, at {hour}:00"
            )
        if not complete:
            raise AirflowFailException(
                f"The orders of {yesterday} are not complete, and it is past {hour}:00: {self.daily_dag} has no "
                f"successful run of that date (the newest is of {complete_to}). See its last run, and clear what failed"
            )
        return {"complete_to": str(complete_to)}


def arrivals(objects: Objects) -> Iterator[datetime]:
    """Yield when the files of a bucket were written."""
    for blob in objects.list():
        if blob.time_created is not None:
            yield blob.time_created

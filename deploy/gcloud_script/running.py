"""What runs: the receiver and the environment; and what bounds their cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from .context import Context

_QUOTA: Final = "tiny-query-usage-per-day"


def exclusion(its: Context) -> Iterator[str]:
    """Keep the addresses of webhooks out of the log."""
    service = its.platform["function"]["name"]
    requests = (
        f'resource.type="cloud_run_revision" AND resource.labels.service_name="{service}" '
        'AND log_id("run.googleapis.com/requests")'
    )
    there = its.gcloud("logging", "sinks", "describe", "_Default")
    added = {"add-exclusion": f"name=tiny-webhook-addresses,filter={requests}"}
    made = its.gcloud("logging", "sinks", "update", "_Default", flags=added)
    yield f"{there} | grep -q tiny-webhook-addresses || {made}"


def receiver(its: Context) -> Iterator[str]:
    """Build and deploy the receiver."""
    function, instances = its.platform["function"], its.settings.receiver
    repository, location = its.settings.bucket(its.project), {"location": its.settings.region}
    images, project = ("artifacts", "repositories"), f"projects/{its.project}"
    yield its.unless(
        its.gcloud(*images, "describe", repository, flags=location),
        its.gcloud(*images, "create", repository, flags=location | {"repository-format": "docker"}),
    )
    writer = {"member": its.member("build"), "role": its.accounts["build"]["repository"]}
    yield its.gcloud(*images, "add-iam-policy-binding", repository, flags=location | writer)
    yield "SOURCE=$(mktemp -d)"
    yield 'mkdir "$SOURCE/webhook"'
    yield 'cp webhook/*.py include/stores.yaml "$SOURCE/webhook"'
    yield 'cp webhook/requirements.lock.txt "$SOURCE/requirements.txt"'
    yield 'cp webhook/function/main.py "$SOURCE"'
    secrets = {
        f"WEBHOOK_SECRETS_{s.prefix.upper()}": f"tiny-webhook-secrets-{s.prefix}:latest" for s in its.stores
    }
    flags = {
        "gen2": True,
        "region": its.settings.region,
        "trigger-http": True,
        "allow-unauthenticated": True,
        "runtime": function["runtime"],
        "entry-point": function["entry_point"],
        "service-account": its.email("receiver"),
        "build-service-account": f"{project}/serviceAccounts/{its.email('build')}",
        "docker-repository": f"{project}/locations/{its.settings.region}/repositories/{repository}",
        "min-instances": instances.min_instances,
        "max-instances": instances.max_instances,
        "concurrency": function["concurrency"],
        "cpu": function["cpu"],
        "memory": function["memory"],
        "timeout": f"{function['timeout_seconds']}s",
        "set-secrets": _pairs(secrets),
    }
    yield its.gcloud("functions", "deploy", function["name"], flags=flags) + ' --source "$SOURCE"'


def limits(its: Context) -> Iterator[str]:
    """Bound what queries read a day; create the budget."""
    preferences = ("beta", "quotas", "preferences")
    wanted = {
        "preference-id": _QUOTA,
        "service": "bigquery.googleapis.com",
        "quota-id": "QueryUsagePerDay",
        "preferred-value": its.settings.query_gib_a_day * 1024,
        "allow-high-percentage-quota-decrease": True,
    }
    there = its.gcloud(*preferences, "describe", _QUOTA)
    yield its.unless(there, its.gcloud(*preferences, "create", flags=wanted))
    if its.settings.billing_account:
        budget = {
            "billing-account": its.settings.billing_account,
            "display-name": f"Tiny pipeline in {its.project}",
            "budget-amount": its.settings.budget,
            "filter-projects": f"projects/{its.project}",
        }
        steps = [f"--threshold-rule=percent={part}" for part in (0.5, 0.8, 1.0)]
        yield "# Run this one once: it creates a budget each time."
        yield "# " + its.gcloud("billing", "budgets", "create", *steps, flags=budget)


def environment(its: Context) -> Iterator[str]:
    """Create the environment."""
    settings, platform = its.settings, its.platform
    overrides = platform["airflow"] | (platform["airflow_3"] if settings.airflow == "3" else {})
    flags = {
        "location": settings.region,
        "image-version": settings.image,
        "environment-size": "small",
        "service-account": its.email("airflow"),
        "storage-bucket": settings.bucket(its.project),
        **_workloads(platform["workloads"]),
        "airflow-database-retention-days": settings.keep_days.airflow_runs,
        "airflow-configs": _pairs(overrides),
        "env-variables": _pairs(platform["environment_variables"]),
        "maintenance-window-start": platform["maintenance"]["start"],
        "maintenance-window-end": platform["maintenance"]["end"],
        "maintenance-window-recurrence": platform["maintenance"]["recurrence"],
        "enable-scheduled-snapshot-creation": True,
        "snapshot-creation-schedule": platform["snapshots"]["schedule"],
        "snapshot-location": f"gs://{settings.bucket(its.project, 'snapshots')}/snapshots",
        "snapshot-schedule-timezone": platform["snapshots"]["time_zone"],
    }
    environments, location = ("composer", "environments"), {"location": settings.region}
    yield its.unless(
        its.gcloud(*environments, "describe", settings.environment, flags=location),
        its.gcloud(*environments, "create", settings.environment, flags=flags),
    )
    yield "PACKAGES=$(mktemp)"
    yield "grep -v '^apache-airflow[<>=]' requirements.txt > \"$PACKAGES\""
    update = its.gcloud(*environments, "update", settings.environment, flags=location)
    yield f'{update} --update-pypi-packages-from-file "$PACKAGES"'


def _workloads(workloads: Mapping[str, Mapping[str, object]]) -> dict[str, object]:
    """Return the flags that say how large the parts of an environment are."""
    names = {"count": "count", "cpu": "cpu", "memory_gb": "memory", "storage_gb": "storage"}
    found = {
        f"{part.replace('_', '-')}-{names[name]}": value
        for part, values in workloads.items()
        for name, value in values.items()
        if name in names
    }
    worker = workloads["worker"]
    return found | {"min-workers": worker["min_count"], "max-workers": worker["max_count"]}


def _pairs(values: Mapping[str, str]) -> str:
    return ",".join(f"{name}={value}" for name, value in values.items())

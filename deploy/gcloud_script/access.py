"""APIs, accounts, roles on the project, secrets."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from .context import Context

_CONNECTION = (
    '{"conn_type": "tiny", "host": "https://api.tiny.com.br/api2/", "password": "%s", '
    '"extra": {"requests_per_minute": 60, "share": 0.8}}'
)


def apis(its: Context) -> Iterator[str]:
    """Enable the APIs."""
    names = [*its.platform["apis"], *([its.platform["budget_api"]] if its.settings.billing_account else [])]
    yield its.gcloud("services", "enable", *(f"{name}.googleapis.com" for name in names))


def accounts(its: Context) -> Iterator[str]:
    """Create the accounts, and give them and the readers their roles on the project."""
    for name, account in its.accounts.items():
        there = its.gcloud("iam", "service-accounts", "describe", its.email(name))
        create = ("create", account["id"], "--display-name", account["name"])
        yield its.unless(there, its.gcloud("iam", "service-accounts", *create))
    for name, account in its.accounts.items():
        more = account.get("project_airflow_3", ()) if its.settings.airflow == "3" else ()
        for role in (*account.get("project", ()), *more):
            yield _grant(its, its.member(name), role)
    only = (
        'expression=resource.name.startsWith("projects/_/buckets/gcf-v2-sources-"),title=sources-of-functions'
    )
    yield _grant(its, its.member("build"), its.accounts["build"]["sources"], only)
    for reader in sorted({*its.settings.readers, *its.settings.personal_readers}):
        yield _grant(its, reader, its.platform["reader"]["project"])


def secrets(its: Context) -> Iterator[str]:
    """Create the secrets with their values, and let the accounts read them."""
    for store in its.stores:
        token, address = f"airflow-connections-tiny_{store.prefix}", f"tiny-webhook-secrets-{store.prefix}"
        words = ("--replication-policy", "user-managed", "--locations", its.settings.region, "--data-file=-")
        drawn = f"openssl rand -hex 24 | {its.gcloud('secrets', 'create', address, *words)}"
        yield its.unless(its.gcloud("secrets", "describe", address), drawn)
        asked = f"read -rsp {shlex.quote(f'Token of Tiny for {store.prefix}: ')} TOKEN"
        made = (
            f'printf {shlex.quote(_CONNECTION)} "$TOKEN" | {its.gcloud("secrets", "create", token, *words)}'
        )
        yield its.unless(its.gcloud("secrets", "describe", token), f"{{ {asked}; {made}; }}")
        for secret, account, kind in ((token, "airflow", "token"), (address, "receiver", "address")):
            who = ("--member", its.member(account), "--role", its.accounts[account][kind])
            yield its.gcloud("secrets", "add-iam-policy-binding", secret, *who)


def _grant(its: Context, member: str, role: str, condition: str = "None") -> str:
    words = ("--member", member, "--role", role, "--condition", condition)
    return shlex.join(("gcloud", "projects", "add-iam-policy-binding", its.project, *words))

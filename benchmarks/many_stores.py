"""A copy of what Airflow reads, the DAG files, the package and ``include/``, for any number of stores."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import yaml

from local.stack.settings import REPO

_READ: Final = ("dags", "plugins", "include")
_CNPJ_DIGITS: Final = 14


def code_for(prefixes: Iterable[str], home: Path) -> Path:
    """Copy the code into a folder, with a stores file of these stores; each has buckets and datasets of its own."""
    for folder in _READ:
        shutil.copytree(REPO / folder, home / folder, ignore=shutil.ignore_patterns("__pycache__"))
    stores = [_store(number, prefix) for number, prefix in enumerate(prefixes, 1)]
    text = yaml.safe_dump({"stores": stores}, allow_unicode=True, sort_keys=False)
    (home / "include" / "stores.yaml").write_text(text, encoding="utf-8")
    return home


def _store(number: int, prefix: str) -> dict[str, str]:
    dashed = prefix.replace("_", "-")
    return {
        "prefix": prefix,
        "name": f"Loja {prefix}",
        "cnpj": str(number).zfill(_CNPJ_DIGITS),
        "timezone": "America/Sao_Paulo",
        "location": "southamerica-east1",
        "webhook_bucket": f"{dashed}-tiny-webhook",
        "api_bucket": f"{dashed}-tiny-api",
        "dataset": f"{prefix}_tiny",
        "staging_dataset": f"{prefix}_tiny_staging",
    }

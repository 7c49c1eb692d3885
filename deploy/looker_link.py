"""The link that opens Looker Studio with the views of a store connected: one data source a view.

    python -m deploy.looker_link --project my-project

Looker Studio has no API that makes a report. Its Linking API is an address whose parameters name the data sources of a
new report (https://developers.google.com/data-studio/integrate/linking-api); the address holds no secret and gives no
right: who follows it signs in, and sees what that account may read. Nothing here talks to Google.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from tiny_operators.stores import Store

ADDRESS: Final = "https://lookerstudio.google.com/reporting/create"

VIEWS: Final = (
    "vendas_por_dia",
    "vendas_por_produto_dia",
    "produtos",
    "vendas_por_vendedor",
    "vendas_por_forma_pagamento",
    "vendas_por_hora",
    "clientes",
    "pedidos_fora_das_vendas",
    "atualizacao",
    "pedidos",
    "itens_pedido",
    "reconciliacao",
)
"""The views in the order of their data sources. A new view goes to the end: the place is the alias (``ds0``, …) by
which a report that serves as a template knows its data source."""

_PROJECT: Final = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")
_DATASET: Final = re.compile(r"[A-Za-z0-9_]{1,1024}")
_REPORT: Final = re.compile(r"[A-Za-z0-9_-]+")
_PACKAGES: Final = Path(__file__).resolve().parents[1] / "plugins"


class LinkError(ValueError):
    """An argument is wrong; the message names it, and what is expected."""


@dataclass(frozen=True)
class Report:
    """What the link names.

    Attributes:
        project: Id of the Google Cloud project of the views.
        dataset: The report dataset.
        name: Name of the new report.
        billing_project: Id of the project that pays for the queries; by default ``project``.
        template: Id of a report whose pages are copied; by default none, a new report.
        views: Views to connect, of :data:`VIEWS`.
    """

    project: str
    dataset: str
    name: str
    billing_project: str | None = None
    template: str | None = None
    views: tuple[str, ...] = VIEWS

    def __post_init__(self) -> None:
        """Check what a typing mistake would make of the address.

        Raises:
            LinkError: When a value cannot be.
        """
        for field, project in (("project", self.project), ("billing-project", self.billing_project)):
            if project is not None and not _PROJECT.fullmatch(project):
                raise LinkError(
                    f"--{field} is {project!r}, which is no project id: 6 to 30 lower-case letters, digits and -, "
                    "beginning with a letter and not ending with - (the id, not the name: gcloud projects list)"
                )
        if not _DATASET.fullmatch(self.dataset):
            raise LinkError(f"--dataset is {self.dataset!r}; it may hold letters, digits and _ only")
        if self.template is not None and not _REPORT.fullmatch(self.template):
            raise LinkError(
                f"--template is {self.template!r}; it is the part of the report's address between "
                "/reporting/ and /page/"
            )
        if unknown := sorted(set(self.views) - set(VIEWS)):
            raise LinkError(f"--view: there is no view {', '.join(unknown)}; there are {', '.join(VIEWS)}")

    def link(self) -> str:
        """Build the address, with one data source for each view."""
        parameters = {"c.mode": "edit", "r.reportName": self.name}
        if self.template:
            # The template's fields keep their formats, such as R$: the views have the same fields everywhere.
            parameters |= {"c.reportId": self.template, "ds.*.refreshFields": "false"}
        for number, view in enumerate(VIEWS):
            if view in self.views:
                source = self._source(view)
                parameters |= {f"ds.ds{number}.{name}": value for name, value in source.items()}
        return f"{ADDRESS}?{urlencode(parameters, quote_via=quote, safe='*')}"

    def _source(self, view: str) -> dict[str, str]:
        return {
            "connector": "bigQuery",
            "type": "TABLE",
            "projectId": self.project,
            "billingProjectId": self.billing_project or self.project,
            "datasetId": self.dataset,
            "tableId": view,
            "datasourceName": view,
        }


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the link; 0, or 2 with a message when an argument is wrong."""
    try:
        sys.stdout.write(f"{_report(_parser().parse_args(arguments)).link()}\n")
    except LinkError as error:
        sys.stderr.write(f"looker_link: {error}\n")
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m deploy.looker_link",
        description="Link that opens Looker Studio with the views connected.",
    )
    parser.add_argument("--project", required=True, help="id of the Google Cloud project of the views")
    parser.add_argument(
        "--store", help="prefix of the store in include/stores.yaml (needed when there are several)"
    )
    parser.add_argument("--dataset", help="dataset of the views, instead of the store's report_dataset")
    parser.add_argument(
        "--billing-project", help="id of the project that pays for the queries (default: --project)"
    )
    parser.add_argument("--name", help="name of the report (default: Vendas and the store's name)")
    parser.add_argument("--template", help="id of a report whose pages are copied onto these data sources")
    parser.add_argument(
        "--view",
        action="append",
        metavar="NAME",
        help="only this view; may be given several times (default: all)",
    )
    return parser


def _report(arguments: argparse.Namespace) -> Report:
    dataset, name = arguments.dataset, arguments.name
    if not dataset or arguments.store:
        store = _store(arguments.store)
        dataset, name = dataset or store.report_dataset, name or f"Vendas {store.name}"
    return Report(
        project=arguments.project,
        dataset=dataset,
        name=name or "Vendas",
        billing_project=arguments.billing_project,
        template=arguments.template,
        views=tuple(arguments.view or VIEWS),
    )


def _store(prefix: str | None) -> Store:
    """Find the store with a prefix, or the only one.

    Raises:
        LinkError: When there is none, or the stores file cannot be read.
    """
    # The package is not installed where people run this: it stands beside this folder.
    sys.path.append(str(_PACKAGES))
    try:
        from tiny_operators.stores import StoresError, load_stores
    except ModuleNotFoundError as error:
        raise LinkError(
            f"include/stores.yaml cannot be read, as {error.name} is not installed: "
            "run this with Airflow's Python, pip install pyyaml, or give --dataset"
        ) from error
    try:
        stores = load_stores()
    except StoresError as error:
        raise LinkError(str(error)) from error
    found = [store for store in stores if prefix in {None, store.prefix}]
    if len(found) == 1:
        return found[0]
    known = ", ".join(store.prefix for store in stores)
    if not found:
        raise LinkError(f"--store is {prefix!r}; include/stores.yaml has {known}")
    raise LinkError(f"--store is needed, as include/stores.yaml has several: {known}")


if __name__ == "__main__":
    sys.exit(main())

"""The link into Looker Studio: its parameters are those of the Linking API, its views those of the repository."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from deploy.looker_link import ADDRESS, VIEWS, LinkError, Report, main

REPO = Path(__file__).resolve().parents[2]
STORES = """stores:
  - {{prefix: {0}, name: Loja {0}, cnpj: "{1}", timezone: America/Sao_Paulo, location: southamerica-east1,
     webhook_bucket: {0}-in, api_bucket: {0}-api, dataset: {0}_tiny, staging_dataset: {0}_staging}}
"""


def parameters(link: str) -> dict[str, str]:
    parts = urlsplit(link)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == ADDRESS
    pairs = parse_qsl(parts.query, strict_parsing=True)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, str]:
    assert main(arguments) == 0
    return parameters(capsys.readouterr().out.strip())


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert not said.out
    return said.err


def test_one_view_gives_this_address() -> None:
    report = Report("my-project", "z316_tiny_relatorios", "Vendas", views=("vendas_por_dia",))
    assert report.link() == (
        "https://lookerstudio.google.com/reporting/create?c.mode=edit&r.reportName=Vendas"
        "&ds.ds0.connector=bigQuery&ds.ds0.type=TABLE&ds.ds0.projectId=my-project"
        "&ds.ds0.billingProjectId=my-project&ds.ds0.datasetId=z316_tiny_relatorios"
        "&ds.ds0.tableId=vendas_por_dia&ds.ds0.datasourceName=vendas_por_dia"
    )


def test_it_names_exactly_the_views_of_the_repository() -> None:
    schemas = {path.stem for path in (REPO / "include" / "schemas" / "views").glob("*.json")}
    statements = {path.stem for path in (REPO / "include" / "sql" / "views").glob("*.sql")}
    link = parameters(Report("my-project", "relatorios", "Vendas").link())
    named = [value for name, value in link.items() if name.endswith(".tableId")]
    assert set(named) == schemas == statements - {"macros"}
    assert len(named) == len(set(named))


def test_each_view_has_all_that_the_connector_requires_under_its_own_alias() -> None:
    link = parameters(Report("my-project", "relatorios", "Vendas", billing_project="who-pays").link())
    for number, view in enumerate(VIEWS):
        of_alias = {
            name.removeprefix(f"ds.ds{number}."): value
            for name, value in link.items()
            if name.startswith(f"ds.ds{number}.")
        }
        assert of_alias == {
            "connector": "bigQuery",
            "type": "TABLE",
            "projectId": "my-project",
            "billingProjectId": "who-pays",
            "datasetId": "relatorios",
            "tableId": view,
            "datasourceName": view,
        }


def test_a_view_keeps_its_alias_when_others_are_left_out() -> None:
    alone = parameters(Report("my-project", "relatorios", "Vendas", views=("produtos", "clientes")).link())
    together = parameters(Report("my-project", "relatorios", "Vendas").link())
    assert alone.items() <= together.items()
    assert [value for name, value in alone.items() if name.endswith(".tableId")] == ["produtos", "clientes"]


def test_a_template_gives_its_pages_and_keeps_the_formats_of_its_fields() -> None:
    link = Report("my-project", "relatorios", "Vendas", template="0B_U5RN-pE6").link()
    assert parameters(link)["c.reportId"] == "0B_U5RN-pE6"
    assert "ds.*.refreshFields=false" in link


def test_accents_spaces_and_separators_of_a_name_stay_its_own() -> None:
    link = Report("my-project", "relatorios", "Vendas & cia: São João = 100%").link()
    assert parameters(link)["r.reportName"] == "Vendas & cia: São João = 100%"
    assert "%20" in link
    assert "+" not in link


def test_dataset_and_name_are_those_of_the_only_store(capsys: pytest.CaptureFixture[str]) -> None:
    link = printed(capsys, "--project", "my-project")
    assert {value for name, value in link.items() if name.endswith(".datasetId")} == {"z316_tiny_relatorios"}
    assert link["r.reportName"] == "Vendas Empório Zingaro"


def test_a_dataset_that_is_given_needs_no_stores_file(tmp_path: Path) -> None:
    for name in ("__init__.py", "looker_link.py"):
        (tmp_path / "deploy").mkdir(exist_ok=True)
        (tmp_path / "deploy" / name).write_bytes((REPO / "deploy" / name).read_bytes())
    command = [sys.executable, "-S", "-m", "deploy.looker_link", "--project", "my-project"]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *more], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
        )

    assert parameters(run("--dataset", "relatorios").stdout.strip())["ds.ds0.datasetId"] == "relatorios"
    without = run()
    assert without.returncode == 2
    assert "--dataset" in without.stderr
    assert "Traceback" not in without.stderr


@pytest.mark.parametrize(
    "project",
    [
        "",
        "abc",
        "My-Project",
        "my_project",
        "my-project-",
        "1project",
        "my project",
        "a" * 31,
        "my-project&x=1",
        "a.b",
    ],
)
@pytest.mark.parametrize("option", ["--project", "--billing-project"])
def test_a_malformed_project_is_named(capsys: pytest.CaptureFixture[str], option: str, project: str) -> None:
    valid = [] if option == "--project" else ["--project", "my-project"]
    said = refused(capsys, *valid, option, project)
    assert f"{option} is {project!r}" in said


def test_an_unknown_store_is_named_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, "--project", "my-project", "--store", "z999")
    assert "--store is 'z999'" in said
    assert "z316" in said


def test_several_stores_want_one_to_be_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "stores.yaml").write_text(
        STORES.format("a1", "11222333000181")
        + STORES.format("b2", "99888777000166").removeprefix("stores:\n"),
        encoding="utf-8",
    )
    monkeypatch.setattr("tiny_operators.stores.include_dir", lambda: tmp_path)
    assert "--store is needed" in refused(capsys, "--project", "my-project")
    link = printed(capsys, "--project", "my-project", "--store", "b2")
    assert link["ds.ds0.datasetId"] == "b2_tiny_relatorios"


def test_a_broken_stores_file_is_told_as_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "stores.yaml").write_text("stores: 1", encoding="utf-8")
    monkeypatch.setattr("tiny_operators.stores.include_dir", lambda: tmp_path)
    assert "field 'stores'" in refused(capsys, "--project", "my-project")


@pytest.mark.parametrize(
    ("option", "value"),
    [("--dataset", "z316-tiny"), ("--template", "https://x/reporting/1/page/2"), ("--view", "pedido")],
)
def test_other_wrong_arguments_are_named(capsys: pytest.CaptureFixture[str], option: str, value: str) -> None:
    said = refused(capsys, "--project", "my-project", option, value)
    assert option in said
    assert value in said


def test_nothing_personal_is_connected_by_default() -> None:
    assert "pessoal" not in Report("my-project", "z316_tiny_relatorios", "Vendas").link()
    with pytest.raises(LinkError):
        Report("my-project", "z316_tiny_relatorios", "Vendas", views=("pdv",))

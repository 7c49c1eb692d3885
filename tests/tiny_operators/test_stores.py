"""The stores file: what is wrong in it is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tiny_operators import stores
from tiny_operators.stores import Store, StoresError, include_dir, load_stores

GOOD: dict[str, Any] = {
    "prefix": "z316",
    "name": "Empório Zingaro",
    "cnpj": "11222333000181",
    "timezone": "America/Sao_Paulo",
    "location": "southamerica-east1",
    "webhook_bucket": "z316-tiny-webhook",
    "api_bucket": "z316-tiny-api",
    "dataset": "z316_tiny",
    "staging_dataset": "z316_tiny_staging",
}
SECOND = {
    **GOOD,
    "prefix": "b2",
    "name": "Outra",
    "cnpj": "99888777000166",
    "timezone": "America/Manaus",
    "webhook_bucket": "b2-in",
    "api_bucket": "b2-api",
    "dataset": "b2_tiny",
    "staging_dataset": "b2_tiny_staging",
}


def load(tmp_path: Path, content: object) -> list[Store]:
    path = tmp_path / "stores.yaml"
    path.write_text(
        content if isinstance(content, str) else yaml.safe_dump(content, allow_unicode=True), encoding="utf-8"
    )
    return load_stores(path)


def wrong(tmp_path: Path, content: object) -> str:
    with pytest.raises(StoresError) as caught:
        load(tmp_path, content)
    assert "stores.yaml" in str(caught.value)
    return str(caught.value)


def one(**changes: Any) -> dict[str, Any]:
    return {"stores": [{name: value for name, value in {**GOOD, **changes}.items() if value is not ...}]}


def test_the_projects_own_file() -> None:
    assert load_stores() == [Store(**GOOD)]
    assert (include_dir() / "schemas" / "pdv.json").is_file()


def test_two_stores(tmp_path: Path) -> None:
    found = load(tmp_path, {"stores": [GOOD, SECOND]})
    assert found == [Store(**GOOD), Store(**SECOND)]
    assert [(store.tiny_conn_id, store.pool) for store in found] == [
        ("tiny_z316", "tiny_z316"),
        ("tiny_b2", "tiny_b2"),
    ]


def test_texts_are_trimmed_and_a_cpf_is_a_cnpj_too(tmp_path: Path) -> None:
    (store,) = load(tmp_path, one(prefix=" z316 ", cnpj="11144477735"))
    assert (store.prefix, store.cnpj) == ("z316", "11144477735")


@pytest.mark.parametrize(
    "content",
    ["", "stores:", "stores: []", "stores: z316", "- a", "stores: {prefix: z316}", "3", {"lojas": [GOOD]}],
)
def test_a_file_without_stores(content: object, tmp_path: Path) -> None:
    assert "'stores'" in wrong(tmp_path, content)


@pytest.mark.parametrize("row", ["z316", None, 3, ["prefix"]])
def test_a_store_that_is_no_mapping(row: object, tmp_path: Path) -> None:
    assert "stores[1]" in wrong(tmp_path, {"stores": [GOOD, row]})


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("value", [..., None, "", "  ", 11222333000181, ["x"], True], ids=repr)
def test_each_field_must_be_a_text(name: str, value: object, tmp_path: Path) -> None:
    assert f"stores[0].{name}" in wrong(tmp_path, one(**{name: value}))


def test_an_unknown_field_is_named_with_the_known_ones(tmp_path: Path) -> None:
    message = wrong(tmp_path, one(bucket="x", zona="y"))
    assert "['bucket', 'zona']" in message
    assert "webhook_bucket" in message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("prefix", "Z316"),
        ("prefix", "3z"),
        ("prefix", "z-316"),
        ("prefix", "z" * 22),
        ("prefix", "loja 1"),
        ("cnpj", "11.222.333/0001-81"),
        ("cnpj", "1122233300018"),
        ("cnpj", "112223330001811"),
        ("cnpj", "abc"),
        ("timezone", "America/Sao_Paolo"),
        ("timezone", "BRT-3"),
        ("timezone", "../etc/passwd"),
    ],
)
def test_a_value_that_cannot_be_is_named(name: str, value: str, tmp_path: Path) -> None:
    assert f"stores[0].{name}" in wrong(tmp_path, one(**{name: value}))


@pytest.mark.parametrize("name", ["prefix", "cnpj", "webhook_bucket", "api_bucket", "dataset"])
def test_two_stores_may_not_share_what_must_be_their_own(name: str, tmp_path: Path) -> None:
    assert repr(name) in wrong(tmp_path, {"stores": [GOOD, {**SECOND, name: GOOD[name]}]})


def test_the_inbox_may_not_be_the_bucket_that_the_pipeline_writes_to(tmp_path: Path) -> None:
    """Else its own answers would wait in the inbox, and it would clear them away as rejected files for ever."""
    assert "webhook_bucket" in wrong(tmp_path, one(api_bucket=GOOD["webhook_bucket"]))
    crossed = {**SECOND, "api_bucket": GOOD["webhook_bucket"]}
    assert "webhook_bucket" in wrong(tmp_path, {"stores": [GOOD, crossed]})


def test_the_staging_dataset_may_not_be_that_of_the_tables(tmp_path: Path) -> None:
    assert "staging_dataset" in wrong(tmp_path, one(staging_dataset=GOOD["dataset"]))


def test_the_datasets_of_the_views_are_named_after_that_of_the_tables(tmp_path: Path) -> None:
    (store,) = load(tmp_path, one(dataset="loja"))
    assert (store.report_dataset, store.personal_dataset) == ("loja_relatorios", "loja_pessoal")
    (store,) = load(tmp_path, one(report_dataset=" bi ", personal_dataset="pessoas"))
    assert (store.report_dataset, store.personal_dataset) == ("bi", "pessoas")


@pytest.mark.parametrize("name", ["report_dataset", "personal_dataset"])
@pytest.mark.parametrize("value", [None, "", "  ", 3, ["x"]], ids=repr)
def test_a_dataset_of_the_views_is_a_text_if_it_is_given(name: str, value: object, tmp_path: Path) -> None:
    assert f"stores[0].{name}" in wrong(tmp_path, one(**{name: value}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("report_dataset", GOOD["dataset"]),
        ("report_dataset", GOOD["staging_dataset"]),
        ("personal_dataset", GOOD["dataset"]),
        ("personal_dataset", "z316_tiny_relatorios"),
        ("report_dataset", SECOND["dataset"]),
        ("report_dataset", "b2_tiny_pessoal"),
    ],
)
def test_a_dataset_of_the_views_is_its_own(name: str, value: str, tmp_path: Path) -> None:
    """Who may read the views without personal data must not thereby read the rest."""
    assert "_dataset' of store " in wrong(tmp_path, {"stores": [{**GOOD, name: value}, SECOND]})


def test_the_orders_that_count_as_sales(tmp_path: Path) -> None:
    (store,) = load(tmp_path, one())
    assert store.effective_statuses == stores.EFFECTIVE_STATUSES
    assert "aprovado" not in store.effective_statuses
    (store,) = load(tmp_path, one(effective_statuses=[" Faturado ", "aprovado"]))
    assert store.effective_statuses == ("Faturado", "aprovado")


@pytest.mark.parametrize("value", [None, "faturado", [], [""], [3], {"faturado": True}], ids=repr)
def test_the_orders_that_count_as_sales_are_a_list_of_texts(value: object, tmp_path: Path) -> None:
    assert "stores[0].effective_statuses must be a list" in wrong(tmp_path, one(effective_statuses=value))


def test_contacts_that_are_no_customers(tmp_path: Path) -> None:
    (store,) = load(tmp_path, one())
    assert store.placeholder_contacts == ()
    (store,) = load(tmp_path, one(placeholder_contacts=[" loja@exemplo.invalid ", "(61) 3333-4444"]))
    assert store.placeholder_contacts == ("loja@exemplo.invalid", "(61) 3333-4444")


@pytest.mark.parametrize("value", [None, "a@b.invalid", [], [" "], [6133334444], {"a": 1}], ids=repr)
def test_contacts_that_are_no_customers_are_a_list_of_texts(value: object, tmp_path: Path) -> None:
    reported = wrong(tmp_path, one(placeholder_contacts=value))
    assert (
        "stores[0].placeholder_contacts must be a list of texts (in quotes, if they are all digits)"
        in reported
    )


def test_a_file_that_is_not_yaml_is_an_error_of_the_stores_file(tmp_path: Path) -> None:
    assert "cannot be read as YAML" in wrong(tmp_path, "stores: [\n  - {prefix: z316")


def test_a_file_that_is_missing_is_an_error_of_the_stores_file(tmp_path: Path) -> None:
    with pytest.raises(StoresError, match=r"stores\.yaml"):
        load_stores(tmp_path / "stores.yaml")


def test_a_missing_include_folder_is_told_with_both_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = (tmp_path / "include", tmp_path / "dags" / "include")
    monkeypatch.setattr(stores, "_INCLUDE_CANDIDATES", places)
    with pytest.raises(StoresError, match="copy the folder") as caught:
        include_dir()
    assert all(str(place) in str(caught.value) for place in places)
    places[1].mkdir(parents=True)
    (places[1] / "stores.yaml").write_text("", encoding="utf-8")
    assert include_dir() == places[1]


def test_what_is_watched_can_be_set(tmp_path: Path) -> None:
    (store,) = load(tmp_path, one())
    assert (store.opening_hours, store.quiet_minutes, store.reject_share, store.rejects_limit) == (
        "",
        120,
        0.2,
        20,
    )
    settings = {
        "opening_hours": "mon-sat 09:00-19:00",
        "quiet_minutes": 90,
        "reject_share": 1,
        "rejects_limit": 0,
        "maximum_bytes_billed": 10 * 1024**3,
    }
    (store,) = load(tmp_path, one(**settings))
    assert {name: getattr(store, name) for name in settings} == settings


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("opening_hours", "always", "opening_hours: 'always' is no opening hours"),
        ("quiet_minutes", 0, "quiet_minutes must be a number from 1 to 1440"),
        ("quiet_minutes", 1.5, "quiet_minutes must be a number"),
        ("reject_share", "20%", "reject_share must be a number from 0 to 1"),
        ("reject_share", 20, "reject_share must be a number from 0 to 1"),
        ("rejects_limit", True, "rejects_limit must be a number"),
        ("maximum_bytes_billed", 10 * 1024**2, "maximum_bytes_billed must be a number from 1073741824"),
        ("maximum_bytes_billed", "5 GiB", "maximum_bytes_billed must be a number"),
    ],
)
def test_other_settings_of_watching_are_refused(tmp_path: Path, field: str, value: Any, says: str) -> None:
    assert says in wrong(tmp_path, one(**{field: value}))


def test_how_long_what_is_kept(tmp_path: Path) -> None:
    names = ("keep_rows_days", "keep_raw_days", "keep_rejects_days", "keep_personal_days")
    (store,) = load(tmp_path, one())
    assert [getattr(store, name) for name in names] == [90, 0, 0, 0], "what cannot be made again stays"
    settings = dict(zip(names, (7, 2192, 31, 2192), strict=True))
    (store,) = load(tmp_path, one(**settings))
    assert {name: getattr(store, name) for name in names} == settings


@pytest.mark.parametrize("field", ["keep_raw_days", "keep_rejects_days", "keep_personal_days"])
@pytest.mark.parametrize("value", [-1, 1, 30, 36_501, "2192", 2192.5, True])
def test_what_is_kept_is_kept_for_good_or_a_month(tmp_path: Path, field: str, value: object) -> None:
    assert f"{field} must be" in wrong(tmp_path, one(**{field: value}))


TAG = "projects/my-project/locations/southamerica-east1/taxonomies/12/policyTags/34"


def test_a_policy_tag_is_one_of_the_tables_own_location(tmp_path: Path) -> None:
    (store,) = load(tmp_path, one(location="southamerica-east1", policy_tag=TAG))
    assert store.policy_tag == TAG
    for tag in ("personal", TAG.replace("southamerica-east1", "us"), f"{TAG}/x", TAG.rpartition("/")[0]):
        assert "policy_tag must be projects/" in wrong(
            tmp_path, one(location="southamerica-east1", policy_tag=tag)
        )

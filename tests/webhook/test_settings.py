"""Settings are checked at the start, and a wrong one is named."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from webhook.payload import cnpj_key
from webhook.settings import SettingsError, Store, load

STORE = {
    "prefix": "z316",
    "cnpj": '"11222333000181"',
    "timezone": "America/Sao_Paulo",
    "webhook_bucket": "z316-tiny-webhook",
}
SECRET = "0123456789abcdef"


def stores_yaml(*stores: dict[str, str]) -> str:
    entries = ["\n    ".join(f"{field}: {value}" for field, value in store.items()) for store in stores]
    return "stores:\n" + "".join(f"  - {entry}\n" for entry in entries)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A program's folder, with a good stores file in it."""
    (tmp_path / "webhook").mkdir()
    (tmp_path / "webhook" / "stores.yaml").write_text(stores_yaml(STORE), encoding="utf-8")
    return tmp_path / "webhook"


def test_defaults(folder: Path) -> None:
    settings = load({}, folder)
    zone = ZoneInfo("America/Sao_Paulo")
    assert settings.stores == {"z316": Store("z316", "11222333000181", zone, "z316-tiny-webhook")}
    assert settings.prefixes == {cnpj_key("11222333000181"): "z316"}
    assert settings.secrets == ()
    assert settings.max_bytes == 1024 * 1024


def test_the_repositorys_own_stores_file_is_found_and_good() -> None:
    settings = load({}, Path(__file__).resolve().parents[2] / "webhook")
    assert settings.stores["z316"].bucket == "z316-tiny-webhook"


def test_the_stores_file_beside_the_program_comes_first(folder: Path) -> None:
    include = folder.parent / "include"
    include.mkdir()
    (include / "stores.yaml").write_text(stores_yaml({**STORE, "prefix": "outra"}), encoding="utf-8")
    assert set(load({}, folder).stores) == {"z316"}
    (folder / "stores.yaml").unlink()
    assert set(load({}, folder).stores) == {"outra"}


def test_a_named_stores_file_comes_before_all(folder: Path, tmp_path: Path) -> None:
    named = tmp_path / "named.yaml"
    named.write_text(stores_yaml({**STORE, "prefix": "nomeada"}), encoding="utf-8")
    assert set(load({"STORES_FILE": str(named)}, folder).stores) == {"nomeada"}
    with pytest.raises(SettingsError, match=r"not found at .*absent\.yaml.*STORES_FILE"):
        load({"STORES_FILE": str(tmp_path / "absent.yaml")}, folder)


def test_a_missing_stores_file_names_both_places(folder: Path) -> None:
    (folder / "stores.yaml").unlink()
    with pytest.raises(SettingsError, match=r"webhook/stores\.yaml and .*include/stores\.yaml"):
        load({}, folder)


@pytest.mark.parametrize("text", ["", "[]", "stores:", "stores: []", "stores: {a: 1}", "other: 1"])
def test_a_stores_file_without_stores(folder: Path, text: str) -> None:
    (folder / "stores.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"stores\.yaml: stores: expected a list"):
        load({}, folder)


@pytest.mark.parametrize("text", ["stores: [", "\t"])
def test_a_stores_file_that_is_no_yaml(folder: Path, text: str) -> None:
    (folder / "stores.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match="cannot be read as YAML"):
        load({}, folder)


@pytest.mark.parametrize("field", sorted(STORE))
def test_a_missing_field_is_named(folder: Path, field: str) -> None:
    second = {name: value for name, value in STORE.items() if name != field} | {"x": "1"}
    other = {**STORE, "prefix": "outra", "cnpj": '"00444777000135"'}
    (folder / "stores.yaml").write_text(stores_yaml(other, second), encoding="utf-8")
    with pytest.raises(SettingsError, match=rf"stores\[1\]\.{field}: expected"):
        load({}, folder)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("prefix", "Z316"),
        ("prefix", "a/b"),
        ("cnpj", "11222333000181"),
        ("cnpj", '"11.222.333/0001-81"'),
        ("timezone", "Nowhere/Never"),
        ("timezone", "../etc"),
        ("webhook_bucket", "gs://z316"),
        ("webhook_bucket", "''"),
    ],
)
def test_a_wrong_field_is_named(folder: Path, field: str, value: str) -> None:
    (folder / "stores.yaml").write_text(stores_yaml({**STORE, field: value}), encoding="utf-8")
    with pytest.raises(SettingsError, match=rf"stores\[0\]\.{field}: "):
        load({}, folder)


def test_a_store_that_is_no_object(folder: Path) -> None:
    (folder / "stores.yaml").write_text("stores: [z316]", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"stores\[0\]: expected"):
        load({}, folder)


@pytest.mark.parametrize("field", ["prefix", "cnpj"])
def test_two_stores_cannot_share(folder: Path, field: str) -> None:
    other = {**STORE, "prefix": "outra", "cnpj": '"00444777000135"'}
    (folder / "stores.yaml").write_text(stores_yaml(STORE, {**other, field: STORE[field]}), encoding="utf-8")
    with pytest.raises(SettingsError, match=rf"stores\[1\]\.{field}: "):
        load({}, folder)


@pytest.mark.parametrize("text", [SECRET, f"{SECRET}\n", f" {SECRET} "])
def test_one_secret(folder: Path, text: str) -> None:
    assert load({"WEBHOOK_SECRETS": text}, folder).secrets == (SECRET,)


def test_several_secrets(folder: Path) -> None:
    assert load({"WEBHOOK_SECRETS": f"{SECRET},{SECRET}2"}, folder).secrets == (SECRET, f"{SECRET}2")


@pytest.mark.parametrize("text", [" ", "\n", ",", f"{SECRET},", "short", f"{SECRET}/x", f"{SECRET} {SECRET}"])
def test_broken_secrets_stop_the_start_and_are_not_shown(folder: Path, text: str) -> None:
    with pytest.raises(SettingsError, match=r"^WEBHOOK_SECRETS: ") as caught:
        load({"WEBHOOK_SECRETS": text}, folder)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "1MB", str(33 * 1024 * 1024), "9" * 5000])
def test_a_wrong_size_is_named(folder: Path, text: str) -> None:
    with pytest.raises(SettingsError, match=r"^WEBHOOK_MAX_BYTES: "):
        load({"WEBHOOK_MAX_BYTES": text}, folder)


def test_a_size_is_taken(folder: Path) -> None:
    assert load({"WEBHOOK_MAX_BYTES": "2048"}, folder).max_bytes == 2048

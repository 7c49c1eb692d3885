"""Settings are checked at the start, and a wrong one is named."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from webhook.settings import SettingsError, Store, load

STORE = {
    "prefix": "z316",
    "cnpj": '"11222333000181"',
    "timezone": "America/Sao_Paulo",
    "webhook_bucket": "z316-tiny-webhook",
}
SECRET = "0123456789abcdef"
OPEN = {"WEBHOOK_OPEN": "true"}


def stores_yaml(*stores: dict[str, str]) -> str:
    entries = ["\n    ".join(f"{field}: {value}" for field, value in store.items()) for store in stores]
    return "stores:\n" + "".join(f"  - {entry}\n" for entry in entries)


def prefixes(environment: dict[str, str], folder: Path) -> list[str]:
    return [store.prefix for store in load({**OPEN, **environment}, folder).stores]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A program's folder, with a good stores file in it."""
    (tmp_path / "webhook").mkdir()
    (tmp_path / "webhook" / "stores.yaml").write_text(stores_yaml(STORE), encoding="utf-8")
    return tmp_path / "webhook"


def test_defaults(folder: Path) -> None:
    settings = load(OPEN, folder)
    zone = ZoneInfo("America/Sao_Paulo")
    assert settings.stores == [Store("z316", "11222333000181", zone, "z316-tiny-webhook")]
    assert settings.secrets == {}
    assert (settings.max_bytes, settings.max_seconds, settings.connections) == (1024 * 1024, 10, 256)


def test_the_repositorys_own_stores_file_is_found_and_good() -> None:
    settings = load(OPEN, Path(__file__).resolve().parents[2] / "webhook")
    assert settings.stores[0].bucket == "z316-tiny-webhook"


def test_the_stores_file_beside_the_program_comes_first(folder: Path) -> None:
    include = folder.parent / "include"
    include.mkdir()
    (include / "stores.yaml").write_text(stores_yaml({**STORE, "prefix": "outra"}), encoding="utf-8")
    assert prefixes({}, folder) == ["z316"]
    (folder / "stores.yaml").unlink()
    assert prefixes({}, folder) == ["outra"]


def test_a_named_stores_file_comes_before_all(folder: Path, tmp_path: Path) -> None:
    named = tmp_path / "named.yaml"
    named.write_text(stores_yaml({**STORE, "prefix": "nomeada"}), encoding="utf-8")
    assert prefixes({"STORES_FILE": str(named)}, folder) == ["nomeada"]
    with pytest.raises(SettingsError, match=r"not found at .*absent\.yaml.*STORES_FILE"):
        load({"STORES_FILE": str(tmp_path / "absent.yaml")}, folder)


def test_a_missing_stores_file_names_both_places(folder: Path) -> None:
    (folder / "stores.yaml").unlink()
    with pytest.raises(SettingsError, match=r"webhook/stores\.yaml and .*include/stores\.yaml"):
        load({}, folder)


@pytest.mark.parametrize("text", ["", "[]", "stores:", "stores: []", "stores: {}", "stores: 3", "other: 1"])
def test_a_stores_file_without_stores(folder: Path, text: str) -> None:
    (folder / "stores.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"stores\.yaml: stores: expected"):
        load({}, folder)


@pytest.mark.parametrize("text", ["stores: [", "\t"])
def test_a_stores_file_that_is_no_yaml(folder: Path, text: str) -> None:
    (folder / "stores.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match="in YAML"):
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
        ("prefix", "3"),
        ("cnpj", "11222333000181"),
        ("timezone", "Nowhere/Never"),
        ("timezone", "../etc"),
        ("webhook_bucket", "''"),
    ],
)
def test_a_wrong_field_is_named(folder: Path, field: str, value: str) -> None:
    (folder / "stores.yaml").write_text(stores_yaml({**STORE, field: value}), encoding="utf-8")
    with pytest.raises(SettingsError, match=rf"stores\[0\]\.{field}: "):
        load({}, folder)


def test_a_store_that_is_no_object(folder: Path) -> None:
    (folder / "stores.yaml").write_text("stores: [z316]", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"stores\[0\]\.prefix: expected"):
        load({}, folder)


@pytest.mark.parametrize("field", ["prefix", "cnpj"])
def test_two_stores_cannot_share(folder: Path, field: str) -> None:
    other = {**STORE, "prefix": "outra", "cnpj": '"00444777000135"'}
    (folder / "stores.yaml").write_text(stores_yaml(STORE, {**other, field: STORE[field]}), encoding="utf-8")
    with pytest.raises(SettingsError, match="of different prefix and cnpj"):
        load({}, folder)


@pytest.mark.parametrize("text", [SECRET, f"{SECRET}\n", f" {SECRET} "])
def test_one_secret(folder: Path, text: str) -> None:
    assert load({"WEBHOOK_SECRETS": text}, folder).secrets == {SECRET: {"z316"}}


def test_several_secrets(folder: Path) -> None:
    assert set(load({"WEBHOOK_SECRETS": f"{SECRET},{SECRET}2"}, folder).secrets) == {SECRET, f"{SECRET}2"}


@pytest.fixture
def two_stores(folder: Path) -> Path:
    """The folder of a program with two stores."""
    other = {**STORE, "prefix": "outra_loja", "cnpj": '"00444777000135"'}
    (folder / "stores.yaml").write_text(stores_yaml(STORE, other), encoding="utf-8")
    return folder


def test_an_address_opens_the_stores_whose_secret_it_has(two_stores: Path) -> None:
    environment = {
        "WEBHOOK_SECRETS_Z316": f"{SECRET}1,{SECRET}2,{SECRET}both",
        "WEBHOOK_SECRETS_OUTRA_LOJA": f"{SECRET}3,{SECRET}both",
        "WEBHOOK_SECRETS": f"{SECRET}all",
    }
    settings = load(environment, two_stores)

    def opened(*offers: str) -> list[str]:
        return [store.prefix for store in settings.opened_by(*offers)]

    assert opened(f"{SECRET}1", "") == opened("", f"{SECRET}2") == ["z316"]
    assert opened(f"{SECRET}3") == ["outra_loja"]
    assert opened(f"{SECRET}both") == opened(f"{SECRET}all") == opened(f"{SECRET}1", f"{SECRET}3")
    assert opened(f"{SECRET}all") == ["z316", "outra_loja"]
    assert opened("", SECRET) == opened() == opened(f"{SECRET}1é") == []


@pytest.mark.parametrize("word", [None, "", "false", "True", "1", " true"])
def test_without_secrets_it_does_not_start(two_stores: Path, word: str | None) -> None:
    environment = {} if word is None else {"WEBHOOK_OPEN": word}
    with pytest.raises(SettingsError, match=r"WEBHOOK_SECRETS_Z316: expected a secret; WEBHOOK_OPEN=true"):
        load({**environment, "WEBHOOK_SECRETS": "", "WEBHOOK_SECRETS_Z316": ""}, two_stores)


def test_without_secrets_every_store_is_open_where_a_setting_says_so(two_stores: Path) -> None:
    assert len(load(OPEN, two_stores).opened_by("anything")) == 2


def test_with_a_secret_no_setting_opens(two_stores: Path) -> None:
    assert load({**OPEN, "WEBHOOK_SECRETS_Z316": SECRET}, two_stores).opened_by("anything") == []


def test_a_store_without_a_secret_is_closed_when_another_one_has_one(two_stores: Path) -> None:
    settings = load({"WEBHOOK_SECRETS_Z316": SECRET, "WEBHOOK_SECRETS_OUTRA_LOJA": ""}, two_stores)
    assert [store.prefix for store in settings.opened_by(*settings.secrets)] == ["z316"]


@pytest.mark.parametrize("name", ["WEBHOOK_SECRETS_Z361", "WEBHOOK_SECRETS_z316", "WEBHOOK_SECRETS_"])
def test_a_misspelled_name_stops_the_start(folder: Path, name: str) -> None:
    with pytest.raises(SettingsError, match=rf"^{name}: expected .*WEBHOOK_SECRETS_Z316") as caught:
        load({name: SECRET}, folder)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "text", [" ", "\n", ",", f"{SECRET},", "short", f"{SECRET}/x", f"{SECRET} {SECRET}", f"{SECRET}z"]
)
def test_broken_secrets_stop_the_start_and_are_not_shown(folder: Path, text: str) -> None:
    with pytest.raises(SettingsError, match=r"^WEBHOOK_SECRETS: ") as caught:
        load({"WEBHOOK_SECRETS": text}, folder)
    assert SECRET not in str(caught.value)


LIMITS = ["WEBHOOK_MAX_BYTES", "WEBHOOK_MAX_SECONDS", "WEBHOOK_CONNECTIONS"]


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("text", ["0", "-1", "1.5", "1MB", str(33 * 1024 * 1024), "9" * 5000])
def test_a_wrong_limit_is_named(folder: Path, name: str, text: str) -> None:
    with pytest.raises(SettingsError, match=rf"^{name}: "):
        load({**OPEN, name: text}, folder)


def test_limits_are_taken(folder: Path) -> None:
    settings = load({**OPEN, **dict(zip(LIMITS, ("2048", "3", "400"), strict=True))}, folder)
    assert (settings.max_bytes, settings.max_seconds, settings.connections) == (2048, 3, 400)

"""Which columns get a policy tag."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tiny_operators.schemas import LAYOUTS, schema_fields
from tiny_operators.warehouse.schema_update import tagged

TAG = "projects/p/locations/southamerica-east1/taxonomies/1/policyTags/2"
OTHER = "projects/p/locations/southamerica-east1/taxonomies/1/policyTags/3"
# By hand, from the register of personal data.
NUMBERS = {"pdv": 30, "pesquisa": 3, "produto": 0, "rejeitados": 1, "reconciliation": 0, "esquecimentos": 0}


def with_tags(fields: list[dict[str, Any]], above: str = "") -> Iterator[tuple[str, list[str]]]:
    for field in fields:
        if "policyTags" in field:
            yield above + field["name"], field["policyTags"]["names"]
        yield from with_tags(field.get("fields", []), f"{above}{field['name']}.")


@pytest.mark.parametrize("table", LAYOUTS)
def test_each_personal_column_gets_the_tag_and_no_other(table: str) -> None:
    found = dict(with_tags(tagged(table, schema_fields(table), TAG)))
    assert len(found) == NUMBERS[table]
    assert all(names == [TAG] for names in found.values())
    if table == "pdv":
        assert {"contato.cpfCnpj", "contato.email", "enderecoEntrega.cep", "observacoes", "payload"} <= set(
            found
        )
        assert not {"contato", "id", "totalVenda", "itens", "itens.valor"} & set(found)


@pytest.mark.parametrize("place", [0, 14, 29])
def test_a_tag_that_somebody_gave_stays(place: int) -> None:
    fields = tagged("pdv", schema_fields("pdv"), TAG)
    path = [name for name, _ in with_tags(fields)][place]
    for field in fields:
        for one in (field, *field.get("fields", [])):
            whole = field["name"] if one is field else f"{field['name']}.{one['name']}"
            if whole == path:
                one["policyTags"] = {"names": [OTHER]}
    assert tagged("pdv", fields, TAG) == fields
    assert tagged("pdv", fields, "") == fields


def test_without_a_taxonomy_nothing_changes() -> None:
    assert tagged("pdv", schema_fields("pdv"), "") == schema_fields("pdv")

"""Whose account an answer of info is about."""

from __future__ import annotations

from typing import Any

import pytest

from tiny_operators.batches.own_account import account_document
from tiny_operators.tiny.answers import Answer, Meaning


def document(account: Any, meaning: Meaning = Meaning.OK) -> str | None:
    return account_document(Answer(meaning, None, "", "", {"conta": account}))


@pytest.mark.parametrize(
    "reported",
    ["00.444.777/0001-35", "00444777000135", "444777000135", " 00444777000135 ", 444777000135],
)
def test_a_cnpj_is_the_same_with_its_mask_and_without_zeros_in_front(reported: object) -> None:
    assert document({"cnpj_cpf": reported}) == "00444777000135"
    assert document([{"cnpj_cpf": reported}]) == "00444777000135"


def test_letters_of_a_new_cnpj_count() -> None:
    assert document({"cnpj_cpf": "12.abc.345/01de-35"}) == "12ABC34501DE35"  # pragma: allowlist secret


@pytest.mark.parametrize(
    "account", [None, {}, [], "", "11222333000181", {"cnpj_cpf": None}, {"cnpj_cpf": ""}, {"cnpj_cpf": "-/."}]
)
def test_what_has_no_document_tells_nothing(account: object) -> None:
    assert document(account) is None


def test_a_refusal_tells_nothing() -> None:
    assert document({"cnpj_cpf": "11222333000181"}, Meaning.RECORD_REFUSED) is None

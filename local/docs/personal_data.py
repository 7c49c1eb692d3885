"""The register of personal data: which column holds some, of which kind, and what for.

The schema files mark the columns, "(dado pessoal)" in their descriptions. The register is in Portuguese: it is for the
shop, and for its data protection officer.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from local.stack.settings import REPO
from tiny_operators.schemas import RECORDS, TABLES, schema_fields

DOCUMENT: Final[Path] = REPO / "docs" / "dados-pessoais.md"
MARK: Final = "dado pessoal)"

# By the last part of a column's path.
KINDS: Final = {
    "nome": "nome",
    "fantasia": "nome",
    "nome_vendedor": "nome de vendedor",
    "codigo": "identificador do cliente na loja",
    "tipo": "tipo de pessoa",
    "cpfCnpj": "CPF ou CNPJ",
    "inscricaoEstadual": "inscrição estadual",
    "indIEDest": "inscrição estadual",
    "endereco": "endereço",
    "enderecoNro": "endereço",
    "complemento": "endereço",
    "bairro": "endereço",
    "cidade": "endereço",
    "uf": "endereço",
    "cep": "endereço",
    "fone": "telefone",
    "celular": "telefone",
    "email": "e-mail",
    "observacoes": "texto livre",
    "payload": "resposta inteira da Tiny",
}
# What each kind is used for, and the basis in the law that suggests itself (Lei 13.709/2018, art. 7º).
PURPOSES: Final = {
    "nome": ("identificar o cliente de um pedido no atendimento", "V (contrato)"),
    "nome de vendedor": ("vendas por vendedor", "IX (legítimo interesse)"),
    "identificador do cliente na loja": (
        "reconhecer o mesmo cliente em vários pedidos",
        "IX (legítimo interesse)",
    ),
    "tipo de pessoa": ("separar vendas a pessoas e a empresas", "IX (legítimo interesse)"),
    "CPF ou CNPJ": (
        "reconhecer o mesmo cliente; nota fiscal",
        "II (obrigação legal) e IX (legítimo interesse)",
    ),
    "inscrição estadual": ("nota fiscal", "II (obrigação legal)"),
    "endereço": ("entrega; vendas por região", "V (contrato)"),
    "telefone": ("entrega e atendimento", "V (contrato)"),
    "e-mail": ("atendimento", "V (contrato)"),
    "texto livre": ("observações do pedido, que podem conter qualquer dado", "V (contrato)"),
    "resposta inteira da Tiny": ("refazer as tabelas sem nova consulta à Tiny", "IX (legítimo interesse)"),
}

_HEAD: Final = """# Registro de dados pessoais

Quais colunas têm dados pessoais, de que tipo e para quê. Esta página é feita por `make docs` a partir dos esquemas
em `include/schemas`; um teste falha quando ela difere deles. As bases legais (Lei 13.709/2018, art. 7º) são
sugestões: quem responde pelo tratamento na loja confirma ou corrige.

As visões em `z316_tiny_relatorios` não têm dados de clientes: nelas o cliente é uma chave (HMAC com um segredo da
loja, guardado fora do conjunto de dados). Têm o nome do vendedor, pois as vendas por vendedor são um relatório.
Nomes e documentos de clientes estão apenas nas visões de `z316_tiny_pessoal`.

**Titulares:** quem pede vê o que está guardado sobre si, ou é esquecido em todos os arquivos e tabelas, em minutos
(`docs/people.md`). Os valores das vendas ficam.

**Prazo:** o pipeline ainda não apaga nada por si. O prazo dos arquivos é o ciclo de vida que a loja configura nos
buckets; o das tabelas é decidido e executado pela loja.
"""

_OBJECTS: Final = """
## Arquivos no Cloud Storage

| onde | o que tem |
| --- | --- |
| bucket de webhooks | o que a Tiny avisa: pedido, cliente com nome e documento |
| `raw/` no bucket da API | respostas inteiras da Tiny: tudo o que está nas tabelas, e mais |
| `webhook/` e `rejected/` no bucket da API | os avisos já tratados, e os que não puderam ser usados |
| `people/` no bucket da API | pedidos de titulares e o que se entrega a eles; tudo expira em uma semana |
| `forgotten/` no bucket da API | quem foi esquecido: números de pedidos e resumos com chave (HMAC) do documento |
| `runs/` no bucket da API | as linhas que cada execução carregou, com todas as colunas acima |
"""


def document() -> str:
    """Return the document, in Markdown."""
    kinds = "".join(f"| {kind} | {purpose} | {basis} |\n" for kind, (purpose, basis) in PURPOSES.items())
    parts = [_HEAD, f"\n## Tipos\n\n| tipo | para quê | base legal sugerida |\n| --- | --- | --- |\n{kinds}"]
    for table in (*TABLES, *RECORDS):
        rows = "".join(
            f"| `{path}` | {kind(path)} | {field['description'].partition(' Fonte: ')[0]} |\n"
            for path, field in marked(table)
        )
        found = (
            f"| coluna | tipo | conteúdo |\n| --- | --- | --- |\n{rows}" if rows else "Nenhum dado pessoal.\n"
        )
        parts.append(f"\n## Tabela `{table}`\n\n{found}")
    return "".join([*parts, _OBJECTS])


def marked(table: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the columns of a table that hold personal data, with their paths; of a record its fields."""
    yield from _marked("", schema_fields(table))


def _marked(above: str, fields: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for field in fields:
        path = f"{above}{field['name']}"
        if field["type"] == "RECORD":
            yield from _marked(f"{path}.", field["fields"])
        elif MARK in field["description"]:
            yield path, field


def kind(path: str) -> str:
    """Return the kind of data in a column."""
    return KINDS[path.rpartition(".")[2]]

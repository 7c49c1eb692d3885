"""The register of personal data: which column holds some, of which kind, and what for.

The schema files mark the columns, "(dado pessoal)" in their descriptions. The register is in Portuguese: it is for the
shop, and for its data protection officer.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from local.stack.settings import REPO
from tiny_operators.schemas import RECORDS, TABLES, personal_fields

DOCUMENT: Final[Path] = REPO / "docs" / "dados-pessoais.md"

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
    "file": "nome de arquivo",
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
    "nome de arquivo": ("achar o arquivo que foi posto de lado", "IX (legítimo interesse)"),
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

**Prazo:** cada loja o define em `include/stores.yaml`; sem definição, os dados ficam. `keep_personal_days` esvazia, a
cada noite, as colunas abaixo nas linhas de pedidos mais antigos (menos o nome do vendedor); os valores das vendas
ficam. `keep_raw_days` e `keep_rejects_days` apagam os arquivos pelo ciclo de vida do bucket, `keep_rows_days` as linhas
das execuções (90 dias). [retention.md](retention.md) explica como escolher: o prazo fiscal é de cinco anos mais o ano
em curso.
"""

_OBJECTS: Final = """
## Arquivos no Cloud Storage

| onde | o que tem |
| --- | --- |
| bucket de webhooks | o que a Tiny avisa: pedido, cliente com nome e documento |
| `raw/` no bucket da API | respostas inteiras da Tiny: tudo o que está nas tabelas, e mais |
| `webhook/` e `rejected/` no bucket da API | os avisos já tratados, e os que não puderam ser usados |
| `rows/` no bucket da API | as linhas que cada execução carregou, com todas as colunas acima |
| `runs/` no bucket da API | o plano de cada execução e o que foi de cada pedido; sem nomes nem documentos |
| `people/` no bucket da API | pedidos de titulares e o que se entrega a eles; tudo expira em uma semana |
| `forgotten/` no bucket da API | quem foi esquecido: números de pedidos e resumos com chave (HMAC) do documento |
"""


def document() -> str:
    """Return the document, in Markdown."""
    kinds = "".join(f"| {kind} | {purpose} | {basis} |\n" for kind, (purpose, basis) in PURPOSES.items())
    parts = [_HEAD, f"\n## Tipos\n\n| tipo | para quê | base legal sugerida |\n| --- | --- | --- |\n{kinds}"]
    for table in (*TABLES, *RECORDS):
        rows = "".join(
            f"| `{path}` | {kind(path)} | {field['description'].partition(' Fonte: ')[0]} |\n"
            for path, field in personal_fields(table)
        )
        found = (
            f"| coluna | tipo | conteúdo |\n| --- | --- | --- |\n{rows}" if rows else "Nenhum dado pessoal.\n"
        )
        parts.append(f"\n## Tabela `{table}`\n\n{found}")
    return "".join([*parts, _OBJECTS])


def kind(path: str) -> str:
    """Return the kind of data in a column."""
    return KINDS[path.rpartition(".")[2]]

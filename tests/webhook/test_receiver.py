"""The receiver as it runs in production, against a real object store: what is answered, what is stored."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from tests.webhook.conftest import Gcs, Receiver, SaleBuilder, StartReceiver

pytestmark = pytest.mark.stack

OLD_SECRET = "old-secret-0123456789"
NEW_SECRET = "new-secret-0123456789"
NAME = re.compile(
    r"vendas/z316-tiny-webhook-vendas-(?P<order>\d+)-(?P<arrived>\d{8}T\d{6})-"
    r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\.json"
)


@pytest.fixture(scope="module")
def locked(start_receiver: "StartReceiver") -> "Receiver":
    """A receiver in the middle of a change of secrets, with a small limit."""
    return start_receiver(WEBHOOK_SECRETS=f"{OLD_SECRET},{NEW_SECRET}\n", WEBHOOK_MAX_BYTES="4096")


def stored(gcs: "Gcs", answer: requests.Response) -> bytes:
    """The object that an answer names."""
    assert answer.status_code == 200
    name = answer.json()["object"]
    content = gcs.client().bucket(gcs.bucket).blob(name).download_as_bytes()
    assert isinstance(content, bytes)
    return content


def error_field(answer: requests.Response) -> str:
    """The field that an answer names; fails unless the reason is complete."""
    error = answer.json()["error"]
    assert set(error) == {"field", "expected", "found", "action"}
    assert all(error.values())
    return str(error["field"])


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded", None])
def test_a_sale_is_stored_byte_for_byte(
    receiver: "Receiver", gcs: "Gcs", sale: "SaleBuilder", content_type: str | None
) -> None:
    body = b"\xef\xbb\xbf\r\n" + json.dumps(sale(), ensure_ascii=False, indent=3).encode() + b"\n\n"
    zone = ZoneInfo("America/Sao_Paulo")
    before = datetime.now(zone).replace(microsecond=0)
    answer = receiver.post(body, headers={"Content-Type": content_type} if content_type else None)
    assert stored(gcs, answer) == body
    name = NAME.fullmatch(answer.json()["object"])
    assert name
    assert name["order"] == "880000123"
    arrived = datetime.strptime(name["arrived"], "%Y%m%dT%H%M%S").replace(tzinfo=zone)
    assert timedelta() <= arrived - before < timedelta(minutes=5)
    blob = gcs.client().bucket(gcs.bucket).get_blob(name.string)
    assert blob.content_type == "application/json"
    assert not blob.metadata


def test_two_arrivals_are_two_objects(receiver: "Receiver", gcs: "Gcs", sale: "SaleBuilder") -> None:
    body = json.dumps(sale(id="880000222")).encode()
    names = {receiver.post(body).json()["object"] for _ in range(2)}
    assert len(names) == 2
    assert names <= gcs.names()


def test_a_body_in_chunks_is_stored(receiver: "Receiver", gcs: "Gcs", sale: "SaleBuilder") -> None:
    body = json.dumps(sale()).encode()
    answer = requests.post(receiver.url, data=iter([body[:10], body[10:]]), timeout=60)
    assert stored(gcs, answer) == body


def test_many_at_once_are_all_stored(receiver: "Receiver", gcs: "Gcs", sale: "SaleBuilder") -> None:
    bodies = [json.dumps(sale(id=str(880001000 + number))).encode() for number in range(32)]
    before = gcs.names()
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(receiver.post, bodies))
    assert [stored(gcs, answer) for answer in answers] == bodies
    assert len(gcs.names() - before) == 32


@pytest.mark.parametrize(
    ("tipo", "dados"),
    [
        ("estoque", {"tipoEstoque": "F", "saldo": 3.25, "idProduto": 710000009}),
        ("rastreio", {"idVendaTiny": 880000123, "codigoRastreio": "YY1BR"}),
        ("situacao_pedido", {"idVendaTiny": 880000123, "situacao": "faturado"}),
        ("nota_fiscal", {"idNotaFiscalTiny": 880000999, "valorNota": 12.5}),
    ],
)
def test_what_nobody_needs_is_acknowledged_only(
    receiver: "Receiver", gcs: "Gcs", tipo: str, dados: object
) -> None:
    before = gcs.names()
    event = {"versao": "1.0.0", "cnpj": "11222333000181", "idEcommerce": 42, "tipo": tipo, "dados": dados}
    answer = receiver.post(json.dumps(event).encode())
    assert (answer.status_code, answer.json()) == (200, {"status": "not needed"})
    assert gcs.names() == before


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"versao": ""}, "versao"),
        ({"cnpj": None}, "cnpj"),
        ({"cnpj": "00000000000000"}, "cnpj"),
        ({"tipo": 3}, "tipo"),
        ({"dados": []}, "dados"),
        ({"dados": {}}, "dados.id"),
        ({"dados": {"id": "12/3"}}, "dados.id"),
    ],
)
def test_a_wrong_event_is_refused_with_the_reason(
    receiver: "Receiver", gcs: "Gcs", sale: "SaleBuilder", change: dict[str, object], field: str
) -> None:
    before = gcs.names()
    answer = receiver.post(json.dumps({**sale(), **change}).encode())
    assert answer.status_code == 400
    assert error_field(answer) == field
    assert gcs.names() == before


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_other_bytes_are_refused(receiver: "Receiver", body: bytes) -> None:
    answer = receiver.post(body)
    assert answer.status_code == 400
    assert error_field(answer) == "body"


@pytest.mark.parametrize("path", [f"/{OLD_SECRET}", f"/tiny/{NEW_SECRET}/", f"/?secret={NEW_SECRET}"])
def test_any_valid_secret_opens(locked: "Receiver", gcs: "Gcs", sale: "SaleBuilder", path: str) -> None:
    body = json.dumps(sale()).encode()
    assert stored(gcs, locked.post(body, path)) == body


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/wrong",
        f"/{OLD_SECRET[:-1]}",
        f"/{OLD_SECRET}0",
        f"/{OLD_SECRET.upper()}",
        f"/{OLD_SECRET}/more",
        f"/{OLD_SECRET},{NEW_SECRET}",
        "/?secret=",
        "/?secret=wrong",
        f"/?token={OLD_SECRET}",
        "/%ff%00?secret=%ff",
    ],
)
def test_without_the_secret_nothing_is_revealed(
    locked: "Receiver", gcs: "Gcs", sale: "SaleBuilder", path: str
) -> None:
    before = gcs.names()
    valid = json.dumps(sale()).encode()
    answers = [
        locked.post(valid, path),
        locked.post(b"not JSON", path),
        locked.post(b"x" * 5000, path),
        requests.get(f"{locked.url}{path}", timeout=60),
        requests.delete(f"{locked.url}{path}", timeout=60),
    ]
    assert {(answer.status_code, answer.text) for answer in answers} == {(404, '{"error": "not found"}\n')}
    assert all("Allow" not in answer.headers for answer in answers)
    assert gcs.names() == before


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_only_post_is_allowed(locked: "Receiver", method: str) -> None:
    answer = requests.request(method, f"{locked.url}/{NEW_SECRET}", data=b"{}", timeout=60)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"


def test_a_body_over_the_limit_is_refused(locked: "Receiver", gcs: "Gcs", sale: "SaleBuilder") -> None:
    event = json.dumps(sale()).encode()
    path = f"/{NEW_SECRET}"
    fits = event.ljust(4096)
    assert stored(gcs, locked.post(fits, path)) == fits
    for too_large in (event.ljust(4097), event.ljust(3_000_000)):
        for data in (too_large, iter([too_large])):
            answer = requests.post(f"{locked.url}{path}", data=data, timeout=60)
            assert answer.status_code == 413
            assert error_field(answer) == "body"


@pytest.mark.parametrize(
    "headers", ["Content-Length: 4000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\nzz\r\n"]
)
def test_a_broken_transfer_is_refused(
    locked: "Receiver", gcs: "Gcs", sale: "SaleBuilder", headers: str
) -> None:
    before = gcs.names()
    request = f"POST /{NEW_SECRET} HTTP/1.1\r\nHost: x\r\n{headers}{json.dumps(sale())}"
    answer = locked.send_raw(request.encode())
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert locked.events()[-1]["found"] == "fewer"
    assert gcs.names() == before


def assert_to_be_repeated(answer: requests.Response) -> None:
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert error_field(answer) == "receiver"


def test_a_missing_bucket_is_to_be_repeated(receiver: "Receiver", sale: "SaleBuilder") -> None:
    assert_to_be_repeated(receiver.post(json.dumps({**sale(), "cnpj": "99888777000166"}).encode()))
    event = receiver.events()[-1]
    assert event["severity"] == "ERROR"
    assert event["event"] == "webhook_not_stored"
    assert event["error"] == "NotFound 404"
    assert event["bucket"] == "this-bucket-was-never-made"


@pytest.mark.parametrize(
    "variables",
    [
        {"STORAGE_EMULATOR_HOST": "http://127.0.0.1:1"},
        {"STORAGE_EMULATOR_HOST": "http://"},
        {"STORAGE_EMULATOR_HOST": "", "GOOGLE_APPLICATION_CREDENTIALS": "/there/are/none.json"},
    ],
    ids=["nothing listens", "no address", "no credentials"],
)
def test_a_store_out_of_reach_is_to_be_repeated(
    start_receiver: "StartReceiver", sale: "SaleBuilder", variables: dict[str, str]
) -> None:
    receiver = start_receiver(**variables)
    assert_to_be_repeated(receiver.post(json.dumps(sale()).encode()))
    assert receiver.events()[-1]["event"] == "webhook_not_stored"


def test_a_surprise_is_to_be_repeated_too(start_receiver: "StartReceiver", sale: "SaleBuilder") -> None:
    # An address that cannot be parsed raises a bare ValueError out of the client.
    receiver = start_receiver(STORAGE_EMULATOR_HOST="http://[")
    answer = receiver.post(json.dumps(sale()).encode())
    assert answer.status_code == 500
    assert error_field(answer) == "receiver"
    assert receiver.events()[-1]["error"] == "ValueError"

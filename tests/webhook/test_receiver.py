"""The receiver as it runs in production, against a real object store: what is answered, what is stored."""

import gzip
import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.envelopes import envelope, event

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


PLAIN_HEADERS = {"connection", "content-length", "content-type", "date"}


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


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded", None, "x"])
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
    reported = content_type if content_type and "/" in content_type else "application/octet-stream"
    assert blob.content_type == reported
    assert not blob.metadata


WEBHOOKS = Path(__file__).resolve().parents[1] / "samples" / "webhooks"
NOTHING = {"webhook-01-empty.bin", "webhook-02-blank.bin", "webhook-03-empty-object.json"}


@pytest.mark.parametrize("path", sorted(WEBHOOKS.iterdir()), ids=lambda path: path.name)
def test_every_reported_body_is_let_in(receiver: "Receiver", gcs: "Gcs", path: Path) -> None:
    before = gcs.names()
    headers = {"Content-Type": "text/plain; charset=iso-8859-1"}
    if path.suffix == ".gz":
        headers["Content-Encoding"] = "gzip"
    answer = receiver.post(path.read_bytes(), headers=headers)
    if path.name in NOTHING:
        assert (answer.status_code, answer.json()) == (200, {"status": "ready"})
        assert gcs.names() == before
        return
    assert stored(gcs, answer) == path.read_bytes()
    order = "unknown" if path.name == "webhook-13-id-zero.json" else "880000123"
    assert f"-vendas-{order}-" in answer.json()["object"]
    blob = gcs.client().bucket(gcs.bucket).get_blob(answer.json()["object"])
    assert (blob.content_type, blob.content_encoding) == (headers["Content-Type"], None)
    assert blob.metadata == ({"content-encoding": "gzip"} if path.suffix == ".gz" else None)


def test_any_envelope_is_let_in(receiver: "Receiver", gcs: "Gcs") -> None:
    rng = Random(5)
    for _ in range(60):
        body = envelope(rng, [event(rng, pedido) for pedido in range(1, rng.choice([2, 2, 3]))])
        answer = receiver.post(body.content, headers={"Content-Type": body.content_type})
        assert stored(gcs, answer) == body.content


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
@pytest.mark.parametrize("body", [b"", b"{}", b"x" * 5000])
def test_an_address_that_is_tried_answers(locked: "Receiver", gcs: "Gcs", method: str, body: bytes) -> None:
    before = gcs.names()
    answer = requests.request(method, f"{locked.url}/{NEW_SECRET}", data=body, timeout=60)
    assert answer.status_code == 200
    assert method == "HEAD" or answer.json() == {"status": "ready"}
    assert locked.events()[-1]["event"] == "webhook_probe"
    assert gcs.names() == before


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
    text = json.dumps(event)
    for body in (
        text,
        json.dumps([event]),
        urlencode({**event, "dados": json.dumps(dados)}),
        urlencode({"x": text}),
    ):
        for packed in (body.encode(), gzip.compress(body.encode("utf-16"))):
            answer = receiver.post(packed)
            assert (answer.status_code, answer.json()) == (200, {"status": "not needed"})
    assert gcs.names() == before


@pytest.mark.parametrize(
    "change",
    [
        {"versao": ""},
        {"cnpj": None},
        {"cnpj": "00000000000000"},
        {"tipo": 3},
        {"tipo": "novidade"},
        {"dados": []},
        {"dados": {"id": "12/3"}},
    ],
)
def test_what_looks_wrong_is_kept_for_its_reader(
    receiver: "Receiver", gcs: "Gcs", sale: "SaleBuilder", change: dict[str, object]
) -> None:
    body = json.dumps({**sale(), **change}).encode()
    answer = receiver.post(body)
    assert stored(gcs, answer) == body
    assert answer.json()["object"].startswith("vendas/z316-tiny-webhook-vendas-")


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(min_size=1, max_size=200) | st.text(min_size=1, max_size=200).map(str.encode))
def test_any_other_bytes_are_kept(receiver: "Receiver", gcs: "Gcs", body: bytes) -> None:
    answer = receiver.post(body)
    if answer.json() == {"status": "ready"}:
        assert not body.strip(b"{} \t\r\n\v\f\0\xef\xbb\xbf\xff\xfe")
    else:
        assert stored(gcs, answer) == body


@pytest.mark.parametrize(
    "path",
    [
        f"/{OLD_SECRET}",
        f"/tiny/{NEW_SECRET}/",
        f"/?secret={NEW_SECRET}",
        f"/{NEW_SECRET}%20",
        f"/?secret={OLD_SECRET}%0A",
    ],
)
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
    assert all(set(map(str.lower, answer.headers)) == PLAIN_HEADERS for answer in answers)
    assert gcs.names() == before


def test_a_body_over_the_limit_is_refused(locked: "Receiver", gcs: "Gcs", sale: "SaleBuilder") -> None:
    event = json.dumps(sale()).encode()
    path = f"/{NEW_SECRET}"
    fits = event.ljust(4096)
    assert stored(gcs, locked.post(fits, path)) == fits
    for too_large in (event.ljust(4097), event.ljust(3_000_000), event.ljust(12_000_000)):
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
    before, logged = gcs.names(), len(locked.events())
    request = f"POST /{NEW_SECRET} HTTP/1.1\r\nHost: x\r\n{headers}{json.dumps(sale())}"
    answer = locked.send_raw(request.encode())
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert locked.refusal_after(logged)["found"] == "fewer"
    assert gcs.names() == before


@pytest.mark.parametrize("path", [f"/{NEW_SECRET}", "/"])
def test_a_body_that_is_announced_as_too_large_is_not_waited_for(locked: "Receiver", path: str) -> None:
    """The answer is there while the sender still holds everything back."""
    with locked.connect() as connection:
        connection.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n".encode())
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 413 " if path == f"/{NEW_SECRET}" else b"HTTP/1.1 404 ")


def test_a_sender_that_has_closed_its_side_is_answered(locked: "Receiver", gcs: "Gcs") -> None:
    before = gcs.names()
    answer = locked.send_raw(f"POST /{NEW_SECRET} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx".encode())
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert len(gcs.names() - before) == 1


REQUESTS = [
    "POST /{} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{{}}",
    "GET /{} HTTP/1.0\r\n\r\n",
    "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n",
    "TRACE /{} HTTP/1.1\r\nHost: x\r\n\r\n",
    "CONNECT {} HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /{} HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    "POST /{} HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n",
    "POST /{} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "no HTTP\r\n\r\n",
]


@pytest.mark.parametrize("request_text", REQUESTS, ids=lambda text: text.partition("\r")[0])
def test_no_answer_names_a_program_or_a_version(locked: "Receiver", request_text: str) -> None:
    answer = locked.send_raw(request_text.format(NEW_SECRET).encode()).lower()
    assert answer.startswith(b"http/1.1 ")
    assert not re.search(rb"server:|x-powered|uvicorn|h11|python|traceback|/[0-9]+\.[0-9]+\.", answer)
    assert NEW_SECRET.encode() not in answer


def assert_to_be_repeated(answer: requests.Response) -> None:
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert error_field(answer) == "receiver"


@pytest.fixture(scope="module")
def two_stores(start_receiver: "StartReceiver") -> "Receiver":
    """A receiver with an address for each store, one for both, and one of the other's bucket, which does not exist."""
    return start_receiver(
        WEBHOOK_SECRETS_Z316=OLD_SECRET, WEBHOOK_SECRETS_SEM_BUCKET=NEW_SECRET, WEBHOOK_SECRETS=BOTH
    )


BOTH = "both-stores-0123456789"
OTHER = {"cnpj": "99888777000166"}


def test_the_address_tells_the_store(two_stores: "Receiver", gcs: "Gcs", sale: "SaleBuilder") -> None:
    own, other = sale(), {**sale(), **OTHER}
    for one in (own, other, {**own, "cnpj": "00"}):
        assert stored(gcs, two_stores.post(json.dumps(one).encode(), f"/{OLD_SECRET}"))
        assert two_stores.post(json.dumps(one).encode(), f"/{NEW_SECRET}").status_code == 503
        assert two_stores.events()[-1]["store"] == "sem_bucket"
    assert two_stores.post(json.dumps(own).encode()).status_code == 404


def test_an_address_of_several_stores_leaves_it_to_the_cnpj(
    two_stores: "Receiver", gcs: "Gcs", sale: "SaleBuilder"
) -> None:
    assert stored(gcs, two_stores.post(json.dumps(sale()).encode(), f"/{BOTH}"))
    assert two_stores.post(json.dumps({**sale(), **OTHER}).encode(), f"/?secret={BOTH}").status_code == 503
    assert two_stores.events()[-1]["store"] == "sem_bucket"
    assert stored(gcs, two_stores.post(b"whatever", f"/{BOTH}")) == b"whatever"


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

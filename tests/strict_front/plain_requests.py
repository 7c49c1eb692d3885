"""Plain requests to Google's services, as any client could send them: through the front, or to an emulator alone."""

from __future__ import annotations

import json
import uuid
from typing import Any, Final
from urllib.parse import quote

import requests

PROJECT: Final = "z316-local"
SOUTH: Final = "southamerica-east1"


def new_name(kind: str) -> str:
    """A name that nothing else has."""
    return f"{kind}{uuid.uuid4().hex[:12]}"


class Gcs:
    """Cloud Storage at an address, with a bucket of its own.

    Args:
        url: The address.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.bucket = new_name("b-")
        assert self.make_bucket(name=self.bucket) == 200

    def ask(
        self, verb: str, path: str, *, query: Any = None, body: Any = None, **more: Any
    ) -> requests.Response:
        given = {"json": body} if body is not None else {}
        return self.session.request(verb, f"{self.url}{path}", params=query, timeout=60, **given, **more)

    def make_bucket(self, **body: Any) -> int:
        query = {"project": PROJECT}
        return self.ask(
            "POST", "/storage/v1/b", query=query, body={"name": new_name("b-"), **body}
        ).status_code

    def path(self, name: str, bucket: str = "") -> str:
        return f"/storage/v1/b/{bucket or self.bucket}/o/{quote(name, safe='')}"

    def media(self, name: str, *, data: bytes = b"some", bucket: str = "", **query: Any) -> int:
        asked = {"uploadType": "media", "name": name, **query}
        path = f"/upload/storage/v1/b/{bucket or self.bucket}/o"
        return self.ask("POST", path, query=asked, data=data).status_code

    def multipart(self, name: str, *, data: bytes = b"some", **query: Any) -> int:
        kind = 'multipart/related; boundary="==x=="'
        head = b"--==x==\r\ncontent-type: application/json\r\n\r\n"
        meta = json.dumps({"name": name}).encode()
        content = head + meta + b"\r\n--==x==\r\ncontent-type: text/plain\r\n\r\n" + data + b"\r\n--==x==--"
        path, asked = f"/upload/storage/v1/b/{self.bucket}/o", {"uploadType": "multipart", **query}
        return self.ask("POST", path, query=asked, data=content, headers={"content-type": kind}).status_code

    def resumable(self, name: str, *, meanwhile: Any = None, parts: int = 1, **query: Any) -> int:
        """Upload in parts of 256 KiB; `meanwhile` is called between the start and the last part."""
        path, asked = f"/upload/storage/v1/b/{self.bucket}/o", {"uploadType": "resumable", **query}
        begun = self.ask("POST", path, query=asked, body={"name": name})
        if begun.status_code != 200:
            return begun.status_code
        assert begun.headers["Location"].startswith(self.url)
        size, status = 256 * 1024, 0
        for part in range(parts):
            if part == parts - 1 and meanwhile:
                meanwhile()
            span = f"bytes {part * size}-{(part + 1) * size - 1}/{parts * size}"
            sent = self.session.put(
                begun.headers["Location"], data=b"x" * size, headers={"content-range": span}, timeout=60
            )
            status = sent.status_code
        return status

    def generation(self, name: str) -> str:
        return str(self.ask("GET", self.path(name)).json()["generation"])

    def copy(self, source: str, target: str, *, how: str = "copyTo", bucket: str = "", **query: Any) -> int:
        path = f"{self.path(source)}/{how}/b/{bucket or self.bucket}/o/{quote(target, safe='')}"
        return self.ask("POST", path, query=query).status_code

    def compose(self, target: str, sources: list[Any], **query: Any) -> int:
        body = {"sourceObjects": sources, "destination": {"contentType": "text/plain"}}
        return self.ask("POST", f"{self.path(target)}/compose", query=query, body=body).status_code

    def delete(self, name: str, **query: Any) -> int:
        return self.ask("DELETE", self.path(name), query=query).status_code

    def get(self, name: str, **query: Any) -> int:
        return self.ask("GET", self.path(name), query=query).status_code

    def patch(self, name: str, body: Any, **query: Any) -> int:
        return self.ask("PATCH", self.path(name), query=query, body=body).status_code

    def list(self, **query: Any) -> int:
        return self.ask("GET", f"/storage/v1/b/{self.bucket}/o", query=query).status_code


class Bq:
    """BigQuery at an address, with a dataset of its own in São Paulo.

    Args:
        url: The address.
    """

    def __init__(self, url: str) -> None:
        self.url = f"{url}/bigquery/v2/projects/{PROJECT}"
        self.session = requests.Session()
        self.dataset = new_name("d")
        assert self.make_dataset(self.dataset, location=SOUTH) == 200

    def ask(
        self, verb: str, path: str, *, query: Any = None, body: Any = None, **more: Any
    ) -> requests.Response:
        given = {"json": body} if body is not None else {}
        return self.session.request(verb, f"{self.url}{path}", params=query, timeout=60, **given, **more)

    def make_dataset(self, name: str, **body: Any) -> int:
        reference = {"projectId": PROJECT, "datasetId": name}
        return self.ask("POST", "/datasets", body={"datasetReference": reference, **body}).status_code

    def patch_dataset(self, body: Any, **headers: str) -> int:
        return self.ask("PATCH", f"/datasets/{self.dataset}", body=body, headers=headers).status_code

    def make_table(self, fields: list[Any], *, name: str = "", **body: Any) -> int:
        reference = {"projectId": PROJECT, "datasetId": self.dataset, "tableId": name or new_name("t")}
        resource = {"tableReference": reference, "schema": {"fields": fields}, **body}
        return self.ask("POST", f"/datasets/{self.dataset}/tables", body=resource).status_code

    def patch_table(self, name: str, body: Any, **headers: str) -> int:
        return self.ask(
            "PATCH", f"/datasets/{self.dataset}/tables/{name}", body=body, headers=headers
        ).status_code

    def insert(
        self, configuration: Any, *, job_id: str = "", location: str | None = SOUTH, **body: Any
    ) -> Any:
        """The answer to a new job."""
        reference = {"projectId": PROJECT, "jobId": job_id or new_name("j")}
        if location:
            reference["location"] = location
        body = {"jobReference": reference, "configuration": configuration, **body}
        return self.ask("POST", "/jobs", body=body)

    def query(self, sql: str, **more: Any) -> Any:
        """The answer to a new job with a statement."""
        return self.insert({"query": {"query": sql, "useLegacySql": False}}, **more)

    def ran(self, location: str | None = SOUTH) -> str:
        """The id of a job that has run."""
        answer = self.query("SELECT 1 AS one", location=location)
        assert answer.status_code == 200
        return str(answer.json()["jobReference"]["jobId"])

    def upload(self, rows: bytes, size: int) -> Any:
        """The job, when it has ended, that loads rows which come in parts of a size."""
        table = {"projectId": PROJECT, "datasetId": self.dataset, "tableId": new_name("t")}
        load = {
            "sourceFormat": "NEWLINE_DELIMITED_JSON",
            "destinationTable": table,
            "schema": {"fields": [column()]},
        }
        reference = {"projectId": PROJECT, "jobId": new_name("j"), "location": SOUTH}
        body = {"jobReference": reference, "configuration": {"load": load}}
        begun = self.session.post(
            self.url.replace("/bigquery/", "/upload/bigquery/") + "/jobs",
            params={"uploadType": "resumable"}, json=body, timeout=60,
        )  # fmt: skip
        assert begun.status_code == 200
        assert begun.headers["Location"].startswith(self.url.partition("/bigquery/")[0])
        for start in range(0, len(rows), size):
            part = rows[start : start + size]
            span = f"bytes {start}-{start + len(part) - 1}/{len(rows)}"
            sent = self.session.put(
                begun.headers["Location"], data=part, headers={"content-range": span}, timeout=60
            )
        job = sent.json()
        while job["status"]["state"] != "DONE":
            job = self.ask("GET", f"/jobs/{reference['jobId']}", query={"location": SOUTH}).json()
        return job

    def load(self, **settings: Any) -> Any:
        """The answer to a new load job of nothing."""
        table = {"projectId": PROJECT, "datasetId": self.dataset, "tableId": new_name("t")}
        usual = {
            "sourceUris": ["gs://none/none"],
            "sourceFormat": "NEWLINE_DELIMITED_JSON",
            "destinationTable": table,
        }
        return self.insert({"load": {**usual, "schema": {"fields": [column()]}, **settings}})


def column(name: str = "id", kind: str = "STRING", mode: str = "NULLABLE", **more: Any) -> dict[str, Any]:
    """A column of a schema."""
    return {"name": name, "type": kind, "mode": mode, **more}

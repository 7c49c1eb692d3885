"""What BigQuery refuses, asked through the front; and, as the control, of the emulator alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.strict_front.plain_requests import PROJECT, SOUTH, Bq, Gcs, column, new_name
from tests.strict_front.questions import Question, forgiven

pytestmark = pytest.mark.stack

Ask = Callable[[Bq], int]


def dataset(**body: Any) -> Ask:
    return lambda bq: bq.make_dataset(new_name("d"), **body)


def table(fields: list[Any], **body: Any) -> Ask:
    return lambda bq: bq.make_table(fields, **body)


def view(query: str) -> Ask:
    def ask(bq: Bq) -> int:
        reference = {"projectId": PROJECT, "datasetId": bq.dataset, "tableId": new_name("v")}
        body = {"tableReference": reference, "view": {"query": query, "useLegacySql": False}}
        return bq.ask("POST", f"/datasets/{bq.dataset}/tables", body=body).status_code

    return ask


def patched(before: list[Any], after: list[Any], **body: Any) -> Ask:
    def ask(bq: Bq) -> int:
        name = new_name("t")
        assert bq.make_table(before, name=name, **body) == 200
        return bq.patch_table(name, {"schema": {"fields": after}})

    return ask


def of_job(verb: str, path: str, *, ran: str | None = SOUTH, asked: str | None = None) -> Ask:
    """Ask about a job, in a place or in none."""

    def ask(bq: Bq) -> int:
        job = bq.ran(ran)
        return bq.ask(verb, path.format(job), query={"location": asked} if asked else {}).status_code

    return ask


def job(**configuration: Any) -> Ask:
    return lambda bq: bq.insert(configuration).status_code


def query(sql: str = "SELECT 1 AS one", **settings: Any) -> Ask:
    return lambda bq: bq.insert({"query": {"query": sql, "useLegacySql": False, **settings}}).status_code


def load(**settings: Any) -> Ask:
    return lambda bq: bq.load(**settings).status_code


def page_token(path: str) -> Ask:
    return lambda bq: bq.ask("GET", path.format(dataset=bq.dataset), query={"pageToken": "1"}).status_code


def twice(bq: Bq) -> int:
    name = bq.ran()
    return int(bq.query("SELECT 2 AS two", job_id=name).status_code)


def elsewhere(bq: Bq) -> int:
    """A query of a dataset in São Paulo that is told to run in the US, looked at when it has run."""
    name = new_name("t")
    assert bq.make_table([column()], name=name) == 200
    answer = bq.query(f"SELECT id FROM {bq.dataset}.{name}", location="US").json()
    return 200 if "errorResult" not in answer["status"] else 404


ID = column()
RECORD = column("r", "RECORD", fields=[column("a")])
DAY = {"type": "DAY", "field": "day"}

QUESTIONS: list[Question[Bq]] = [
    Question("dataset id with a hyphen", 400, 400, lambda bq: bq.make_dataset("a-b")),
    Question("dataset that is there", 409, 409, lambda bq: bq.make_dataset(bq.dataset)),
    Question("dataset in nowhere-1", 400, 200, dataset(location="nowhere-1")),
    Question("dataset's tables expire after a minute", 400, 200, dataset(defaultTableExpirationMs="60000")),
    Question("dataset's tables expire after an hour", 200, 200, dataset(defaultTableExpirationMs="3600000")),
    Question("dataset's tables expire after a text", 400, 400, dataset(defaultTableExpirationMs="soon")),
    Question("dataset label with capitals", 400, 200, dataset(labels={"Made": "x"})),
    Question("dataset label of 64 letters", 400, 200, dataset(labels={"made": "x" * 64})),
    Question("65 dataset labels", 400, 200, dataset(labels={f"l{n}": "" for n in range(65)})),
    Question("dataset with time travel of an hour", 400, 200, dataset(maxTimeTravelHours="1")),
    Question("dataset description of 16,385 letters", 400, 200, dataset(description="x" * 16_385)),
    Question("access entry without a role", 400, 200, dataset(access=[{"specialGroup": "projectOwners"}])),
    Question("access entry without anybody", 400, 200, dataset(access=[{"role": "READER"}])),
    Question("access of an unknown group", 400, 200, dataset(
        access=[{"role": "READER", "specialGroup": "everybody"}])),
    Question("dataset with an unknown field", 400, 400, dataset(colour="blue")),
    Question("dataset moved", 400, 200, lambda bq: bq.patch_dataset({"location": "US"})),
    Question("datasets.patch with an old etag", 412, 412, lambda bq: bq.patch_dataset(
        {"description": "x"}, **{"If-Match": "old"})),
    Question("table that is there", 409, 409, lambda bq: [
        bq.make_table([ID], name="there"), bq.make_table([ID], name="there")][1]),
    Question("table id with a dot", 400, 400, lambda bq: bq.make_table([ID], name="a.b")),
    Question("table with a space and a dash in its id", 200, 200, lambda bq: bq.make_table([ID], name="a b-c")),
    Question("partitioned by a STRING", 400, 200, table([column("day")], timePartitioning=DAY)),
    Question("partitioned by a REPEATED DATE", 400, 200, table(
        [column("day", "DATE", "REPEATED")], timePartitioning=DAY)),
    Question("partitioned by what is not there", 400, 400, table([ID], timePartitioning=DAY)),
    Question("partitioned by the week", 400, 200, table(
        [column("day", "DATE")], timePartitioning={"type": "WEEK", "field": "day"})),
    Question("a DATE partitioned by the hour", 400, 200, table(
        [column("day", "DATE")], timePartitioning={"type": "HOUR", "field": "day"})),
    Question("partitioned by a DATE", 200, 200, table([column("day", "DATE")], timePartitioning=DAY)),
    Question("range partitioned by a STRING", 400, 200, table([ID], rangePartitioning={
        "field": "id", "range": {"start": "0", "end": "9", "interval": "1"}})),
    Question("clustered by a REPEATED column", 400, 200, table(
        [column(mode="REPEATED")], clustering={"fields": ["id"]})),
    Question("clustered by a FLOAT", 400, 200, table([column(kind="FLOAT")], clustering={"fields": ["id"]})),
    Question("clustered by a JSON", 400, 200, table([column(kind="JSON")], clustering={"fields": ["id"]})),
    Question("clustered by a column of a record", 400, 400, table([RECORD], clustering={"fields": ["r.a"]})),
    Question("five clustering columns", 400, 200, table(
        [column(name) for name in "abcde"], clustering={"fields": list("abcde")})),
    Question("four clustering columns", 200, 200, table(
        [column(name) for name in "abcd"], clustering={"fields": list("abcd")})),
    *(
        Question(f"column description of 2,000 letters, column {at + 1} of 3", 400, 200, table(
            [column(name, description="x" * 2000 if n == at else "") for n, name in enumerate("abc")]))
        for at in range(3)
    ),
    Question("description of 2,000 letters inside a record", 400, 200, table(
        [column("r", "RECORD", fields=[column("a", description="x" * 2000)])])),
    Question("column twice", 400, 409, table([column("a"), column("a")])),
    Question("column twice, in other capitals", 400, 409, table([column("a"), column("A")])),
    Question("column twice inside a record", 400, 400, table(
        [column("r", "RECORD", fields=[column("a"), column("A")])])),
    Question("column with a reserved beginning", 400, 200, table([column("_TABLE_x")])),
    Question("column name of 301 letters", 400, 400, table([column("x" * 301)])),
    Question("column of an unknown type", 400, 400, table([column(kind="MONEY")])),
    Question("column of an unknown mode", 400, 200, table([column(mode="MAYBE")])),
    *(
        Question(f"column of {kind} with {sizes}", 400, 200, table([column("first"), column(kind=kind, **sizes)]))
        for kind, sizes in (
            ("INTEGER", {"maxLength": "5"}),
            ("STRING", {"maxLength": "0"}),
            ("STRING", {"precision": "5"}),
            ("NUMERIC", {"precision": "39"}),
            ("NUMERIC", {"precision": "20", "scale": "10"}),
            ("NUMERIC", {"scale": "2"}),
            ("BIGNUMERIC", {"precision": "40"}),
        )
    ),
    Question("columns with lengths and digits", 200, 200, table([
        column("a", maxLength="10"), column("b", "BYTES", maxLength="1"), column("c", "NUMERIC", precision="38", scale="9"),
        column("d", "NUMERIC", precision="29"), column("e", "BIGNUMERIC", precision="76", scale="38")])),
    Question("table deleted", 204, 204, lambda bq: [bq.make_table([ID], name="gone"), bq.ask(
        "DELETE", f"/datasets/{bq.dataset}/tables/gone").status_code][1]),
    Question("view of two queries", 400, 200, view("SELECT 1 AS a; SELECT 2 AS a")),
    Question("view of one query", 200, 200, view("SELECT 1 AS a")),
    Question("record without fields", 400, 400, table([column("r", "RECORD")])),
    Question("table label with capitals", 400, 200, table([ID], labels={"a": "X"})),
    Question("new column, REQUIRED", 400, 200, patched([ID], [ID, column("b", mode="REQUIRED")])),
    Question("new column inside a record, REQUIRED", 400, 200, patched(
        [RECORD], [column("r", "RECORD", fields=[column("a"), column("b", mode="REQUIRED")])])),
    Question("new column inside a record", 200, 200, patched(
        [RECORD], [column("r", "RECORD", fields=[column("a"), column("b")])])),
    Question("new column", 200, 200, patched([ID], [ID, column("b")])),
    Question("column dropped", 400, 400, patched([ID, column("b")], [ID])),
    Question("column dropped inside a record", 400, 400, patched(
        [column("r", "RECORD", fields=[column("a"), column("b")])], [RECORD])),
    Question("column of another type", 400, 400, patched([ID], [column(kind="INTEGER")])),
    Question("column of the same type by its other name", 200, 200, patched(
        [column(kind="INTEGER")], [column(kind="INT64")])),
    Question("column made REQUIRED", 400, 200, patched([ID], [column(mode="REQUIRED")])),
    Question("column made NULLABLE", 200, 200, patched([column(mode="REQUIRED")], [ID])),
    Question("tables.patch with an old etag", 412, 412, lambda bq: [
        bq.make_table([ID], name="etag"),
        bq.patch_table("etag", {"description": "x"}, **{"If-Match": "old"})][1]),
    Question("job id that is there", 409, 409, twice),
    Question("job id with a dot", 400, 200, lambda bq: bq.query("SELECT 1 AS one", job_id="a.b").status_code),
    Question("job id of 1,025 letters", 400, 200, lambda bq: bq.query(
        "SELECT 1 AS one", job_id=new_name("j" * 1013)).status_code),
    Question("job in nowhere-1", 400, 200, lambda bq: bq.query("SELECT 1", location="nowhere-1").status_code),
    Question("job with nothing to do", 400, 400, job()),
    Question("job with two things to do", 400, 200, job(
        query={"query": "SELECT 1 AS one", "useLegacySql": False}, extract={})),
    *(
        Question(f"{what} of a job, in another location", 404, 200, of_job(verb, path, asked="US"))
        for what, verb, path in (
            ("get", "GET", "/jobs/{}"), ("results", "GET", "/queries/{}"), ("cancel", "POST", "/jobs/{}/cancel"))
    ),
    *(
        Question(f"{what} of a job in São Paulo, without a location", 404, 200, of_job(verb, path))
        for what, verb, path in (
            ("get", "GET", "/jobs/{}"), ("results", "GET", "/queries/{}"), ("cancel", "POST", "/jobs/{}/cancel"))
    ),
    Question("get of a job, in its location", 200, 200, of_job("GET", "/jobs/{}", asked=SOUTH)),
    Question("get of a job, in its location in capitals", 200, 200, of_job("GET", "/jobs/{}", asked=SOUTH.upper())),
    Question("get of a job in the US, without a location", 200, 200, of_job("GET", "/jobs/{}", ran="US")),
    Question("get of no job", 404, 404, lambda bq: bq.ask("GET", "/jobs/none").status_code),
    Question("get of a job with projection, as Google's client sends it", 200, 200, lambda bq: bq.ask(
        "GET", f"/jobs/{bq.ran('US')}", query={"projection": "full"}).status_code),
    Question("query in another place than its dataset", 404, 200, elsewhere),
    Question("unknown field beside the configuration", 400, 200, lambda bq: bq.query("SELECT 1", colour=1).status_code),
    Question("unknown field in the configuration", 400, 200, job(
        query={"query": "SELECT 1 AS one", "useLegacySql": False}, colour="blue")),
    Question("unknown field in the query", 400, 200, query(colour="blue")),
    Question("text for a truth", 400, 200, query(useQueryCache="yes")),
    Question("job label with capitals", 400, 200, job(
        query={"query": "SELECT 1 AS one", "useLegacySql": False}, labels={"A": "b"})),
    Question("writeDisposition NONSENSE", 400, 200, load(writeDisposition="NONSENSE")),
    Question("createDisposition NONSENSE", 400, 200, load(createDisposition="NONSENSE")),
    Question("sourceFormat NONSENSE", 400, 400, load(sourceFormat="NONSENSE")),
    Question("priority NONSENSE", 400, 200, query(priority="NONSENSE")),
    Question("schemaUpdateOptions NONSENSE", 400, 200, load(
        schemaUpdateOptions=["NONSENSE"], writeDisposition="WRITE_APPEND")),
    Question("query of 1.1 MB", 400, 200, query("SELECT 1 AS one -- " + "x" * 1_100_000)),
    Question("query without a text", 400, 400, query("")),
    Question("10,001 source URIs", 400, 200, load(sourceUris=[f"gs://b/{n}" for n in range(10_001)])),
    Question("two stars in a source URI", 400, 200, load(sourceUris=["gs://b/*/*"])),
    Question("a star in a bucket's name", 400, 200, load(sourceUris=["gs://b*/a"])),
    Question("a source URI of another kind", 400, 200, load(sourceUris=["https://example.com/a"])),
    Question("load that is clustered by a REPEATED column", 400, 200, load(
        schema={"fields": [column(mode="REPEATED")]}, clustering={"fields": ["id"]})),
    Question("load partitioned by a STRING", 400, 200, load(
        schema={"fields": [column("day")]}, timePartitioning=DAY)),
    Question("jobs.query with a requestId of 37 letters", 400, 200, lambda bq: bq.ask("POST", "/queries", body={
        "query": "SELECT 1 AS one", "useLegacySql": False, "requestId": "x" * 37}).status_code),
    Question("unknown query parameter", 400, 200, lambda bq: bq.ask(
        "GET", "/datasets", query={"colour": "blue"}).status_code),
    Question("maxResults below 0", 400, 200, lambda bq: bq.ask(
        "GET", "/datasets", query={"maxResults": -1}).status_code),
    *(
        Question(f"page token that was given for no list: {path}", 400, 200, page_token(path))
        for path in ("/datasets", "/datasets/{dataset}/tables", "/jobs")
    ),
    Question("an address that the API has not", 404, 404, lambda bq: bq.ask("GET", "/things").status_code),
    Question("body that is no JSON", 400, 400, lambda bq: bq.ask(
        "POST", "/datasets", data=b"{", headers={"content-type": "application/json"}).status_code),
]  # fmt: skip


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_front_answers_as_the_service(bq: Bq, question: Question[Bq]) -> None:
    assert question.ask(bq) == question.service


@pytest.mark.parametrize("question", forgiven(QUESTIONS), ids=str)
def test_emulator_alone_answers_otherwise(bq_alone: Bq, question: Question[Bq]) -> None:
    assert question.ask(bq_alone) == question.alone


def test_a_field_that_is_added_inside_a_record_is_there(bq: Bq) -> None:
    wider = column(
        "r", "RECORD", "REPEATED", fields=[column("a"), column("b", "RECORD", fields=[column("c")])]
    )
    narrow = column("r", "RECORD", "REPEATED", fields=[column("a")])
    name = new_name("t")
    assert bq.make_table([ID, narrow], name=name) == 200
    assert bq.patch_table(name, {"schema": {"fields": [ID, wider]}}) == 200
    record = bq.ask("GET", f"/datasets/{bq.dataset}/tables/{name}").json()["schema"]["fields"][1]
    assert [field["name"] for field in record["fields"]] == ["a", "b"]
    assert [field["name"] for field in record["fields"][1]["fields"]] == ["c"]


def test_a_refused_job_is_one_that_has_failed(bq: Bq) -> None:
    """It can be looked at, has no results, and its id is taken."""
    name = new_name("j")
    answer = bq.query("SELECT nothing FROM nowhere.at_all", job_id=name)
    assert answer.status_code == 200
    made = answer.json()
    assert made["status"]["state"] == "DONE"
    assert made["status"]["errorResult"]["reason"] in {"invalidQuery", "notFound"}
    looked = bq.ask("GET", f"/jobs/{name}", query={"location": SOUTH})
    assert looked.json() == made
    assert bq.ask("GET", f"/jobs/{name}").status_code == 404
    results = bq.ask("GET", f"/queries/{name}", query={"location": SOUTH})
    assert results.status_code in {400, 404}
    assert results.json()["error"]["errors"][0]["reason"] == made["status"]["errorResult"]["reason"]
    assert bq.query("SELECT 1 AS one", job_id=name).status_code == 409
    assert bq.ask("DELETE", f"/jobs/{name}/delete", query={"location": SOUTH}).status_code < 300
    assert bq.ask("GET", f"/jobs/{name}", query={"location": SOUTH}).status_code == 404


@pytest.mark.parametrize(
    ("bucket", "refused"), [("southamerica-east1", False), ("SOUTHAMERICA-EAST1", False), ("us-east1", True)]
)
def test_a_load_reads_buckets_in_its_own_place(bq: Bq, gcs: Gcs, bucket: str, refused: bool) -> None:
    name = new_name("b-")
    assert gcs.make_bucket(name=name, location=bucket) == 200
    assert gcs.media("rows", bucket=name, data=b'{"id": "a"}') == 200
    job = bq.load(sourceUris=[f"gs://{name}/rows"]).json()
    while job["status"]["state"] != "DONE":
        job = bq.ask("GET", f"/jobs/{job['jobReference']['jobId']}", query={"location": SOUTH}).json()
    assert ("errorResult" in job["status"]) is refused
    if refused:
        assert "different locations" in job["status"]["errorResult"]["message"]


@pytest.mark.parametrize("bad", range(3))
def test_uploaded_rows_are_judged_like_those_of_a_file(bq: Bq, bad: int) -> None:
    """In three parts, as a client uploads them: an unknown field in any of the rows refuses all."""
    rows = [{"id": "x" * 262_133, **({"colour": "blue"} if at == bad else {})} for at in range(3)]
    for sent, refused in ((rows, True), ([{"id": row["id"]} for row in rows], False)):
        job = bq.upload("".join(json.dumps(row) + "\n" for row in sent).encode(), 262_144)
        assert ("errorResult" in job["status"]) is refused, job["status"]


def test_a_statement_that_is_guarded_is_shown_as_it_was_sent(bq: Bq) -> None:
    sql = "DECLARE word STRING DEFAULT 'a';\nSELECT word AS said"
    made = bq.query(sql).json()
    assert "errorResult" not in made["status"]
    name, place = made["jobReference"]["jobId"], {"location": SOUTH}
    assert bq.ask("GET", f"/jobs/{name}", query=place).json()["configuration"]["query"]["query"] == sql
    assert made["jobReference"] == {"projectId": PROJECT, "jobId": name, "location": SOUTH}


def test_page_tokens_lead_on(bq: Bq) -> None:
    for _ in range(3):
        assert bq.make_table([ID]) == 200
    path, seen, token = f"/datasets/{bq.dataset}/tables", set(), ""
    while True:
        page = bq.ask("GET", path, query={"maxResults": 2, "pageToken": token}).json()
        seen |= {table["id"] for table in page["tables"]}
        if not (token := page.get("nextPageToken", "")):
            break
    assert len(seen) == int(page["totalItems"])


def test_refusal_names_rule_and_source(bq: Bq) -> None:
    body = {"datasetReference": {"projectId": PROJECT, "datasetId": new_name("d")}, "maxTimeTravelHours": "1"}
    error = bq.ask("POST", "/datasets", body=body).json()["error"]
    assert error["errors"][0]["reason"] == "invalid"
    assert "maxTimeTravelHours" in error["message"]
    assert "https://cloud.google.com/bigquery/docs/time-travel" in error["message"]

"""What Cloud Storage refuses, asked through the front; and, as the control, of the emulator alone."""

from __future__ import annotations

from collections.abc import Callable
from time import sleep
from typing import Any

import pytest

from tests.strict_front.plain_requests import Gcs, new_name
from tests.strict_front.questions import Question, forgiven

pytestmark = pytest.mark.stack

Ask = Callable[[Gcs], int]


def over(write: Callable[[Gcs, str], int]) -> Ask:
    """Write over an object, from one that is there too."""

    def ask(gcs: Gcs) -> int:
        name = new_name("o")
        assert gcs.media(name) == gcs.media("source-" + name) == 200
        return write(gcs, name)

    return ask


def old(gcs: Gcs, name: str) -> int:
    """A generation that is not the object's."""
    return int(gcs.generation(name)) - 1


def new(write: Callable[[Gcs, str], int]) -> Ask:
    """Write an object that was not there."""
    return lambda gcs: write(gcs, new_name("o"))


def one_of(names: int, bad: int) -> list[object]:
    """Sources to compose, one of them at a generation that is gone."""
    return [{"name": "part", **({"generation": "1"} if at == bad else {})} for at in range(names)]


def composed(write: Callable[[Gcs, str], int]) -> Ask:
    def ask(gcs: Gcs) -> int:
        gcs.media("part")
        return write(gcs, new_name("o"))

    return ask


def again(change: Callable[[Gcs, str], int]) -> Ask:
    """Change an object in the second in which it was made."""

    def ask(gcs: Gcs) -> int:
        name = new_name("o")
        assert gcs.media(name) == 200
        return change(gcs, name)

    return ask


def copied(how: str, *, from_it: bool = False, **query: Callable[[Gcs, str], int]) -> Ask:
    """Copy an object to a new one, or another over it."""

    def ask(gcs: Gcs, name: str) -> int:
        asked: dict[str, Any] = {key: value(gcs, name) for key, value in query.items()}
        source, target = (name, new_name("o")) if from_it else ("source-" + name, name)
        return gcs.copy(source, target, how=how, **asked)

    return over(ask)


def composed_with_one_gone(bad: int) -> Ask:
    return composed(lambda gcs, name: gcs.compose(name, one_of(3, bad)))


def deleted(gcs: Gcs) -> int:
    """Delete an object that was made more than a second ago."""
    name = new_name("o")
    assert gcs.media(name) == 200
    sleep(1.05)
    return gcs.delete(name)


def deletions(count: int) -> list[Any]:
    """Lifecycle rules."""
    return [{"action": {"type": "Delete"}, "condition": {"age": number}} for number in range(count)]


def listed(fields: str) -> Ask:
    return lambda gcs: gcs.list(fields=fields)


def soft_delete(days: int) -> Ask:
    seconds = str(days * 24 * 60 * 60)
    return lambda gcs: gcs.make_bucket(softDeletePolicy={"retentionDurationSeconds": seconds})


QUESTIONS: list[Question[Gcs]] = [
    Question("a bucket that is there", 409, 409, lambda gcs: gcs.make_bucket(name=gcs.bucket)),
    Question("bucket name with capitals", 400, 400, lambda gcs: gcs.make_bucket(name=new_name("B"))),
    Question("bucket name of 70 letters", 400, 200, lambda gcs: gcs.make_bucket(name=new_name("b" * 58))),
    Question("bucket name of 2 letters", 400, 200, lambda gcs: gcs.make_bucket(name=new_name("")[:2])),
    Question("bucket name with google", 400, 200, lambda gcs: gcs.make_bucket(name=new_name("my-google-"))),
    Question("bucket name with goog in front", 400, 200, lambda gcs: gcs.make_bucket(name=new_name("goog"))),
    Question("bucket name that is an address", 400, 200, lambda gcs: gcs.make_bucket(name="192.168.5.4")),
    Question("bucket name with a dash at its end", 400, 400, lambda gcs: gcs.make_bucket(name=new_name("b") + "-")),
    Question("location nowhere-1", 400, 200, lambda gcs: gcs.make_bucket(location="nowhere-1")),
    Question("location in small letters", 200, 200, lambda gcs: gcs.make_bucket(location="southamerica-east1")),
    Question("storage class NONSENSE", 400, 200, lambda gcs: gcs.make_bucket(storageClass="NONSENSE")),
    Question("bucket label with capitals", 400, 200, lambda gcs: gcs.make_bucket(labels={"Made": "x"})),
    Question("lifecycle action Vanish", 400, 200, lambda gcs: gcs.make_bucket(
        lifecycle={"rule": [{"action": {"type": "Vanish"}, "condition": {"age": 1}}]})),
    Question("lifecycle rule without a condition", 400, 200, lambda gcs: gcs.make_bucket(
        lifecycle={"rule": [{"action": {"type": "Delete"}}]})),
    Question("lifecycle age of -1", 400, 200, lambda gcs: gcs.make_bucket(
        lifecycle={"rule": [{"action": {"type": "Delete"}, "condition": {"age": -1}}]})),
    Question("lifecycle prefix that is empty", 400, 200, lambda gcs: gcs.make_bucket(
        lifecycle={"rule": [{"action": {"type": "Delete"}, "condition": {"age": 1, "matchesPrefix": [""]}}]})),
    Question("lifecycle age and prefixes", 200, 200, lambda gcs: gcs.make_bucket(
        lifecycle={"rule": [{"action": {"type": "Delete"}, "condition": {"age": 1, "matchesPrefix": ["a/", "b/"]}}]})),
    Question("100 lifecycle rules", 200, 200, lambda gcs: gcs.make_bucket(lifecycle={"rule": deletions(100)})),
    Question("101 lifecycle rules", 400, 200, lambda gcs: gcs.make_bucket(lifecycle={"rule": deletions(101)})),
    *(
        Question(f"soft delete kept for {days} days", status, 200, soft_delete(days))
        for days, status in ((0, 200), (1, 400), (7, 200), (90, 200), (91, 400))
    ),
    Question("public access prevention 'maybe'", 400, 200, lambda gcs: gcs.make_bucket(
        iamConfiguration={"publicAccessPrevention": "maybe"})),
    Question("bucket without a project", 400, 200, lambda gcs: gcs.ask(
        "POST", "/storage/v1/b", body={"name": new_name("b-")}).status_code),
    Question("bucket with an unknown field", 400, 200, lambda gcs: gcs.make_bucket(colour="blue")),
    Question("bucket with labels that are a list", 400, 400, lambda gcs: gcs.make_bucket(labels=["a"])),
    Question("media with ifGenerationMatch=0 over an object", 412, 200, over(
        lambda gcs, name: gcs.media(name, ifGenerationMatch=0))),
    Question("media with an old generation", 412, 200, over(
        lambda gcs, name: gcs.media(name, ifGenerationMatch=old(gcs, name)))),
    Question("media with an old metageneration", 412, 200, over(
        lambda gcs, name: gcs.media(name, ifMetagenerationMatch=7))),
    Question("media with a generation of what is not there", 412, 200, new(
        lambda gcs, name: gcs.media(name, ifGenerationMatch=5))),
    Question("media with ifGenerationMatch=0 of what is not there", 200, 200, new(
        lambda gcs, name: gcs.media(name, ifGenerationMatch=0))),
    Question("media with ifGenerationNotMatch=0 of what is not there", 412, 200, new(
        lambda gcs, name: gcs.media(name, ifGenerationNotMatch=0))),
    Question("multipart with ifGenerationMatch=0 over an object", 412, 412, over(
        lambda gcs, name: gcs.multipart(name, ifGenerationMatch=0))),
    Question("multipart with an old generation", 412, 412, over(
        lambda gcs, name: gcs.multipart(name, ifGenerationMatch=old(gcs, name)))),
    Question("resumable with ifGenerationMatch=0 over an object", 412, 200, over(
        lambda gcs, name: gcs.resumable(name, ifGenerationMatch=0))),
    Question("resumable in three parts with an old generation", 412, 200, over(
        lambda gcs, name: gcs.resumable(name, parts=3, ifGenerationMatch=old(gcs, name)))),
    Question("resumable with ifGenerationMatch=0, and the object comes meanwhile", 412, 200, new(
        lambda gcs, name: gcs.resumable(
            name, parts=2, meanwhile=lambda: gcs.media(name), ifGenerationMatch=0))),
    Question("resumable in three parts", 200, 200, new(lambda gcs, name: gcs.resumable(name, parts=3))),
    *(
        Question(f"{how} {what}", status, alone, copied(how, from_it=from_it, **query))
        for how in ("copyTo", "rewriteTo")
        for what, status, alone, from_it, query in (
            ("with ifGenerationMatch=0 over an object", 412, 200, False, {"ifGenerationMatch": lambda *_: 0}),
            ("with an old generation of the target", 412, 200, False, {"ifGenerationMatch": old}),
            ("with an old ifSourceGenerationMatch", 412, 200, True, {"ifSourceGenerationMatch": old}),
            ("of a generation that is gone", 404, 404, True, {"sourceGeneration": old}),
        )
    ),
    Question("copy of what is not there", 404, 404, lambda gcs: gcs.copy("none", "there")),
    Question("copy into a bucket that is not there", 404, 404, over(
        lambda gcs, name: gcs.copy(name, name, bucket=new_name("b-")))),
    Question("compose with ifGenerationMatch=0 over an object", 412, 200, over(
        lambda gcs, name: gcs.compose(name, [{"name": "source-" + name}], ifGenerationMatch=0))),
    *(
        Question(f"compose of a generation that is gone, {bad + 1} of 3", 404, 200, composed_with_one_gone(bad))
        for bad in range(3)
    ),
    Question("compose with a source's precondition that does not hold", 412, 200, composed(
        lambda gcs, name: gcs.compose(
            name, [{"name": "part"}, {"name": "part", "objectPreconditions": {"ifGenerationMatch": "1"}}]))),
    Question("compose of 33 objects", 400, 400, composed(
        lambda gcs, name: gcs.compose(name, [{"name": "part"}] * 33))),
    Question("delete", 204, 200, deleted),
    Question("delete with an old generation", 412, 200, over(
        lambda gcs, name: gcs.delete(name, ifGenerationMatch=old(gcs, name)))),
    Question("delete of a generation that is gone", 404, 404, over(
        lambda gcs, name: gcs.delete(name, generation=old(gcs, name)))),
    Question("delete of what is not there", 404, 404, lambda gcs: gcs.delete("none")),
    Question("delete of what is not there with a precondition", 404, 404, lambda gcs: gcs.delete(
        "none", ifGenerationMatch=5)),
    Question("patch with an old metageneration", 412, 200, over(
        lambda gcs, name: gcs.patch(name, {"metadata": {"a": "b"}}, ifMetagenerationMatch=7))),
    Question("patch with an old generation", 412, 200, over(
        lambda gcs, name: gcs.patch(name, {"metadata": {"a": "b"}}, ifGenerationMatch=old(gcs, name)))),
    Question("read of a generation that is gone", 404, 404, over(
        lambda gcs, name: gcs.get(name, alt="media", generation=old(gcs, name)))),
    Question("read with an old generation as its precondition", 412, 200, over(
        lambda gcs, name: gcs.get(name, ifGenerationMatch=old(gcs, name)))),
    Question("read unless it is still the same", 304, 200, over(
        lambda gcs, name: gcs.get(name, ifGenerationNotMatch=gcs.generation(name)))),
    Question("insert into a bucket that is not there", 404, 404, lambda gcs: gcs.media(
        "o", bucket=new_name("b-"))),
    Question("object name of 1,024 bytes", 200, 200, lambda gcs: gcs.media("/".join(["é" * 102] * 5))),
    Question("object name of 1,100 bytes", 400, 400, lambda gcs: gcs.media("x" * 1100)),
    Question("object name with a line feed", 400, 200, lambda gcs: gcs.media("a\nb")),
    Question("object name with a carriage return, multipart", 400, 200, lambda gcs: gcs.multipart("a\rb")),
    Question("object without a name", 400, 400, lambda gcs: gcs.media("")),
    Question("copy to a name with a line feed", 400, 200, over(lambda gcs, name: gcs.copy(name, "a\nb"))),
    Question("metadata of 9,000 bytes", 400, 404, over(
        lambda gcs, name: gcs.patch(name, {"metadata": {"a": "b" * 9000}}))),
    Question("unknown query parameter", 400, 200, lambda gcs: gcs.list(colour="blue")),
    Question("unknown query parameter of an upload", 400, 200, lambda gcs: gcs.media(new_name("o"), colour="blue")),
    Question("unknown upload type", 400, 400, lambda gcs: gcs.media(new_name("o"), uploadType="magic")),
    Question("unknown predefined ACL", 400, 200, lambda gcs: gcs.media(new_name("o"), predefinedAcl="all")),
    Question("generation that is no number", 400, 400, new(
        lambda gcs, name: gcs.multipart(name, ifGenerationMatch="first"))),
    Question("list of fields that an object has", 200, 200, lambda gcs: gcs.list(
        fields="nextPageToken,items(name,metadata/a,owner(entity))")),
    *(
        Question(f"list of the fields {fields}", 400, 200, listed(fields))
        for fields in ("colour", "items(colour)", "items/colour", "items(name,colour),kind", "items(name", "kind)", "kind,")
    ),
    Question("read of a field that no object has", 400, 200, over(lambda gcs, name: gcs.get(name, fields="colour"))),
    Question("patch to storage class NONSENSE", 400, 200, over(
        lambda gcs, name: gcs.patch(name, {"storageClass": "NONSENSE"}))),
    Question("list with maxResults=-1", 400, 599, lambda gcs: gcs.list(maxResults=-1)),
    Question("list with maxResults=many", 400, 400, lambda gcs: gcs.list(maxResults="many")),
    Question("list with a wrong pageToken", 400, 200, lambda gcs: gcs.list(pageToken="wrong")),
    Question("empty parameters, as Google's clients send them", 200, 200, lambda gcs: gcs.list(
        delimiter="", matchGlob="", pageToken="")),
    Question("an address that the API has not", 404, 404, lambda gcs: gcs.ask(
        "GET", f"/storage/v1/b/{gcs.bucket}/things").status_code),
    Question("a method that the address has not", 404, 404, lambda gcs: gcs.ask(
        "POST", f"/storage/v1/b/{gcs.bucket}").status_code),
    Question("an object changed twice in a second", 429, 200, again(lambda gcs, name: gcs.media(name))),
    Question("an object deleted in the second of its making", 429, 200, again(
        lambda gcs, name: gcs.delete(name))),
]  # fmt: skip


def answered(ask: Ask, gcs: Gcs) -> int:
    """The status of the answer; 599 when there was none."""
    try:
        return ask(gcs)
    except OSError:
        return 599


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_front_answers_as_the_service(gcs: Gcs, question: Question[Gcs]) -> None:
    assert answered(question.ask, gcs) == question.service


@pytest.mark.parametrize("question", forgiven(QUESTIONS), ids=str)
def test_emulator_alone_answers_otherwise(gcs_alone: Gcs, question: Question[Gcs]) -> None:
    assert answered(question.ask, gcs_alone) == question.alone

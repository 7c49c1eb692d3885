"""Who was forgotten, as the bucket has it; and files there without what belongs to some people."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from tiny_operators.lake import names
from tiny_operators.lake.objects import NotChangedError, Objects
from tiny_operators.people.asked_people import People
from tiny_operators.people.erasing import Eraser
from tiny_operators.people.forgotten import Forgotten
from tiny_operators.people.personal_values import Who
from tiny_operators.people.stored_texts import clean_file, clean_line

if TYPE_CHECKING:
    from google.cloud.storage import Blob

_TRIES: Final = 5
_KEY_BYTES: Final = 32


class LostKeyError(RuntimeError):
    """The key of the hashes of forgotten people is gone; the message says what to do."""


def read_forgotten(objects: Objects, prefix: str) -> Forgotten:
    """Read who was forgotten by a store.

    Raises:
        LostKeyError: When the key of the list is gone.
    """
    return ForgottenList(objects, prefix).read()


class ForgottenList:
    """Who was forgotten by a store, for those who look again and again: a person may be at any time.

    Args:
        objects: The store's API bucket.
        prefix: Prefix of the store.
    """

    def __init__(self, objects: Objects, prefix: str) -> None:
        self._objects = objects
        self._prefix = prefix
        self._content: bytes | None = None
        self._forgotten = Forgotten()

    def read(self) -> Forgotten:
        """Read the list; its key, too, when it is not the same as before.

        Raises:
            LostKeyError: When the key of the list is gone.
        """
        content = self._objects.read(names.forgotten_object(self._prefix))
        if content != self._content:
            known = json.loads(content) if content else None
            self._forgotten = (
                Forgotten.from_json(known, _key(self._objects, self._prefix)) if known else Forgotten()
            )
            self._content = content
        return self._forgotten


def forget_people(objects: Objects, prefix: str, people: People, until: date) -> None:
    """Add people to those whom a store has forgotten, with all orders up to a day.

    The list has a key of its own, made once: the key of customers may be changed, and this one must not.

    Raises:
        LostKeyError: When there is a list, and its key is gone.
    """
    if objects.read_json(names.forgotten_object(prefix)) is None:
        key_text = base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()
        objects.create_json(names.forgotten_key_object(prefix), {"chave": key_text})
    key = _key(objects, prefix)

    def added(content: Any) -> object:
        return Forgotten.from_json(content, key).with_people(people, until).to_json()

    objects.change_json(names.forgotten_object(prefix), added)


def forget_orders(objects: Objects, prefix: str, orders: Iterable[int]) -> None:
    """Add orders that were found to be those of forgotten people."""
    more = frozenset(orders)

    def added(content: Any) -> object:
        there = Forgotten.from_json(content, b"")
        return replace(there, orders=there.orders | more).to_json()

    objects.change_json(names.forgotten_object(prefix), added)


def examine(objects: Objects, blob: Blob, who: Who) -> Eraser:
    """Look what a file has of some people; nothing is changed."""
    eraser = Eraser(who)
    if _has_lines(blob.name):
        with suppress(UnicodeDecodeError):
            for line in objects.stream(blob.name, blob.generation):
                clean_line(line, eraser)
            return eraser
        eraser = Eraser(who)
    content = objects.read_packed(blob.name, blob.generation)
    clean_file(content or b"", eraser, blob.content_type or "")
    return eraser


def blank(objects: Objects, name: str, who: Who) -> bool:
    """Take what belongs to some people out of a file; return whether it had something.

    What others write there meanwhile is not lost: then the new content is looked at.

    Raises:
        NotChangedError: When others are always faster.
    """
    from google.api_core.exceptions import PreconditionFailed
    from google.cloud.exceptions import NotFound

    for _ in range(_TRIES):
        blob = objects.look(name)
        if blob is None:
            return False
        try:
            return _blank(objects, blob, who)
        except (PreconditionFailed, NotFound):
            continue
    raise NotChangedError(f"{name} was changed by others {_TRIES} times in a row")


def _blank(objects: Objects, blob: Blob, who: Who) -> bool:
    name, generation = blob.name, int(blob.generation)
    if _has_lines(name):
        with suppress(UnicodeDecodeError):
            if not any(clean_line(line, Eraser(who)) != line for line in objects.stream(name, generation)):
                return False
            with objects.writing(name, generation) as target:
                for line in objects.stream(name, generation):
                    target.write(clean_line(line, Eraser(who)))
            return True
    kind = blob.content_type or ""
    cleaned = clean_file(objects.read_packed(name, generation) or b"", Eraser(who), kind)
    if cleaned is None:
        return False
    objects.put(name, cleaned, kind, generation)
    return True


def _has_lines(name: str) -> bool:
    """Return whether a file is one of many lines, which may be large."""
    return name.startswith((names.RAW, names.ROWS))


def _key(objects: Objects, prefix: str) -> bytes:
    name = names.forgotten_key_object(prefix)
    content = objects.read_json(name)
    if content is None:
        raise LostKeyError(
            f"{name} is missing, by which forgotten people are known again: bring it back (Cloud Storage keeps deleted "
            "objects for some days), then clear this task. Nothing is written meanwhile, or they would come back"
        )
    return base64.b64decode(content["chave"])

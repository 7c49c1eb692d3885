"""Cloud Storage: what stands there now, and what the emulator forgets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final
from weakref import WeakValueDictionary

from local.strict_front.call import Call
from local.strict_front.emulator import Answer, Emulator
from local.strict_front.gate import NO_BUCKET
from local.strict_front.memory import Memory
from local.strict_front.passing import Passing, Reply
from local.strict_front.preconditions import composed
from local.strict_front.rules import Now, broken
from local.strict_front.storage_rules import RULES, WRITES

_KEPT_BY_EMULATOR: Final = frozenset({"kind", "id", "name", "selfLink", "timeCreated", "updated", "etag"})
_RATED_MOST: Final = 10_000


class Storage:
    """The rules of Cloud Storage, before its emulator.

    Args:
        emulator: The emulator.
        memory: Where the settings of buckets are kept, which the emulator forgets.
    """

    def __init__(self, emulator: Emulator, memory: Memory) -> None:
        self.emulator = emulator
        self._memory = memory
        self._sessions: dict[str, Call] = {}
        self._changed: dict[tuple[str, str], float] = {}
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    async def answer(self, call: Call, passing: Passing) -> Reply:
        """Answer a request that has the form that the API asks for."""
        if call.method.id.startswith("storage.buckets."):
            return await self._buckets(call, passing)
        if call.upload_type == "chunk":
            return await self._chunk(call, passing)
        if call.method.id in WRITES and call.upload_type != "resumable":
            return await self._change(call, passing)
        if refusal := broken(RULES, call, await self._now(call)):
            return refusal
        if call.method.id == "storage.objects.get" and (
            call.query.get("alt") == "media" or passing.is_download
        ):
            return await passing.stream()
        answer = await passing.ask()
        if call.upload_type == "resumable" and answer.is_good:
            self._sessions[answer.session] = call
        return answer

    async def _change(self, call: Call, passing: Passing) -> Reply:
        """Let one change of an object through at a time, so that a precondition that held still holds."""
        key = (call.bucket, call.object)
        async with self._locks.setdefault(key, asyncio.Lock()):
            now = await self._now(call)
            since = time.monotonic() - self._changed.get(key, float("-inf"))
            if refusal := broken(RULES, call, replace(now, since_change=since)):
                return refusal
            at = time.monotonic()
            answer = await passing.ask()
            if answer.is_good:
                self._remember_change(key, at)
            return answer

    async def _chunk(self, call: Call, passing: Passing) -> Reply:
        """Pass a part of a resumable upload on; with its last part the object is made."""
        begun = self._sessions.get(call.query["upload_id"])
        if begun is None or not call.is_last_chunk:
            return await passing.ask()
        whole = replace(begun, query={**begun.query, "uploadType": "media"})
        reply = await self._change(whole, passing)
        if isinstance(reply, Answer) and reply.is_good and reply.status != HTTPStatus.PERMANENT_REDIRECT:
            self._sessions.pop(call.query["upload_id"], None)
        return reply

    def _remember_change(self, key: tuple[str, str], at: float) -> None:
        if len(self._changed) > _RATED_MOST:
            self._changed = {name: then for name, then in self._changed.items() if at - then < 1}
        self._changed[key] = at

    async def _now(self, call: Call) -> Now:
        """Look at the objects that a request is about; where it sets no condition, the rules need none."""
        conditions = {name for name, value in call.query.items() if value and name.startswith("if")}
        target = source = None
        if conditions or call.query.get("generation"):
            target = await self._object(call.bucket, call.object)
        if "sourceObject" in call.names and (conditions or call.query.get("sourceGeneration")):
            source = await self._object(call.names["sourceBucket"], call.names["sourceObject"])
        sources = [await self._object(call.bucket, str(one.get("name"))) for one in composed(call)]
        return Now(target, source, tuple(sources))

    async def _object(self, bucket: str, name: str) -> Any:
        return await self.emulator.look("storage", "v1", "b", bucket, "o", name) if name else None

    async def _buckets(self, call: Call, passing: Passing) -> Reply:
        """Answer about buckets: their settings are kept here."""
        if refusal := broken(RULES, call, Now()):
            return refusal
        name = call.names.get("bucket") or str(call.field("name"))
        if call.method.id in {"storage.buckets.patch", "storage.buckets.update"}:
            return await self._set(name, call.body or {})
        answer = await passing.ask()
        if call.method.id == "storage.buckets.insert" and answer.is_good:
            self._memory.put("bucket", name, value={"location": "US", **call.body})
        if call.method.id == "storage.buckets.delete" and answer.is_good:
            self._memory.forget("bucket", name)
        return self._with_settings(answer)

    async def _set(self, name: str, changes: Mapping[str, Any]) -> Reply:
        found = await self.emulator.look("storage", "v1", "b", name)
        if found is None:
            return NO_BUCKET
        kept = self._memory.get("bucket", name) or {}
        self._memory.put("bucket", name, value=merged(kept, changes))
        return self._with_settings(Answer.of(found))

    def _with_settings(self, answer: Answer) -> Answer:
        value = answer.value
        if not answer.is_good or not isinstance(value, dict):
            return answer
        for bucket in value.get("items") or [value]:
            kept = self._memory.get("bucket", bucket.get("name", "")) or {}
            bucket.update({name: setting for name, setting in kept.items() if name not in _KEPT_BY_EMULATOR})
            if "location" in kept:
                bucket["location"] = str(kept["location"]).upper()
        return answer.saying(value)


def merged(old: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a resource with changes, as a patch makes them: a null takes a setting away."""
    new = dict(old)
    for name, value in changes.items():
        if value is None:
            new.pop(name, None)
        elif isinstance(value, Mapping) and isinstance(old.get(name), Mapping):
            new[name] = merged(old[name], value)
        else:
            new[name] = value
    return new

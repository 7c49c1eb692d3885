"""Preconditions and generations of Cloud Storage's objects: what a request asks to be as it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from local.strict_front.call import Call
from local.strict_front.rules import Now, Resource

_NOT_MET: Final = "At least one of the pre-conditions you specified did not hold"


def generation_of(resource: Resource | None, kind: str = "generation") -> int:
    """Return an object's generation or metageneration; 0 when it is not there."""
    return int(resource.get(kind, 1)) if resource else 0


def _unmet(
    query: Mapping[str, Any], prefix: str, resource: Resource | None, *, negative: bool = False
) -> str | None:
    """Name the first precondition that does not hold; a negative one asks for another generation."""
    for kind in ("Generation", "Metageneration"):
        name = f"{prefix}{kind}{'Not' if negative else ''}Match"
        given = query.get(name)
        if given not in {None, ""} and (generation_of(resource, kind.lower()) == int(given)) == negative:
            return f"{_NOT_MET}: {name}"
    return None


def _is_there_or_made(call: Call, now: Now) -> bool:
    """Tell whether preconditions decide: what is not there and is not made is simply not found."""
    makes = call.method.id.endswith((".insert", ".compose", ".copy", ".rewrite"))
    return now.target is not None or makes


def hold(call: Call, now: Now) -> str | None:
    """Check the preconditions of what is read or written."""
    return _unmet(call.query, "if", now.target) if _is_there_or_made(call, now) else None


def negative_hold(call: Call, now: Now) -> str | None:
    """Check the preconditions that ask for another generation."""
    return _unmet(call.query, "if", now.target, negative=True) if _is_there_or_made(call, now) else None


def source_holds(call: Call, now: Now) -> str | None:
    """Check the preconditions of what is copied."""
    if now.source is None:
        return None
    return _unmet(call.query, "ifSource", now.source) or _unmet(
        call.query, "ifSource", now.source, negative=True
    )


def composed(call: Call) -> list[Mapping[str, Any]]:
    """Return the objects that a request puts together, as it names them."""
    found = call.field("sourceObjects")
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def composed_hold(call: Call, now: Now) -> str | None:
    """Check the preconditions of each object that is put together."""
    wanted = [one.get("objectPreconditions") or {} for one in composed(call)]
    problems = (_unmet(query, "if", source) for query, source in zip(wanted, now.sources, strict=True))
    return next((problem for problem in problems if problem), None)


def _gone(given: Any, resource: Resource | None) -> str | None:
    if given in {None, ""} or resource is None or int(given) == generation_of(resource):
        return None
    return "No such object: it has no such generation any more"


def generation_is_there(call: Call, now: Now) -> str | None:
    """Check that the generation that is asked for is that of today."""
    return _gone(call.query.get("generation"), now.target)


def source_generation_is_there(call: Call, now: Now) -> str | None:
    """Check that the generation that is copied is that of today."""
    return _gone(call.query.get("sourceGeneration"), now.source)


def composed_generations_are_there(call: Call, now: Now) -> str | None:
    """Check that the generations that are put together are those of today."""
    pairs = zip(composed(call), now.sources, strict=True)
    return next((found for one, source in pairs if (found := _gone(one.get("generation"), source))), None)

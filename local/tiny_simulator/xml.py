"""The XML that Tiny answers when nobody asks for JSON."""

from xml.sax.saxutils import escape


def to_xml(retorno: object) -> str:
    """Write the content of ``retorno``; lists of wrapped rows become repeated elements."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<retorno>{_inner(retorno)}</retorno>'


def _inner(value: object) -> str:
    if isinstance(value, dict):
        return "".join(f"<{name}>{_inner(part)}</{name}>" for name, part in value.items())
    if isinstance(value, list):
        return "".join(_inner(part) for part in value)
    return "" if value is None else escape(str(value))

"""Whether a store's token opens the store's own account: Tiny is asked once a day, and the answer is remembered.

The CNPJ of the stores file decides. So two stores whose tokens are swapped fail before they read anything, and no
order of one comes into the tables of the other.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from tiny_operators.events import log_event
from tiny_operators.lake import names
from tiny_operators.lake.objects import Objects
from tiny_operators.orders.webhooks import cnpj_key
from tiny_operators.stores import Store
from tiny_operators.tiny.answers import Answer, Meaning
from tiny_operators.tiny.api import TinyUnavailableError

log = logging.getLogger(__name__)

# Digits and letters of a CPF, the shorter of the two; a number may have lost zeros in front.
_LEAST: Final = 5


class OtherAccountError(RuntimeError):
    """The token opens another account; the message says what to do, and not whose account it is."""


def check_account(
    objects: Objects, store: Store, fingerprint: Callable[[str], str], ask: Callable[[], Answer]
) -> None:
    """Check that the token opens the store's own account, unless that was checked today.

    Another token, address or CNPJ is checked at once. An answer without a CNPJ stops nobody: nothing shows that the
    token is wrong, and the log says once a day that it was not checked. The same holds when Tiny does not answer, for a
    token that was checked on an earlier day: it opens the same account for good.

    Args:
        objects: The store's API bucket.
        store: The store.
        fingerprint: Makes a text of the token that only shows whether it changed; takes a salt.
        ask: Calls ``info``.

    Raises:
        OtherAccountError: When it is another account.
        TinyUnavailableError: When Tiny did not answer about a token that was never checked.
    """
    target = names.account_object(store.prefix)
    known: dict[str, Any] = objects.read_json(target) or {}
    today = names.day_of(datetime.now(UTC), store.timezone)
    salt = known.get("salt") or secrets.token_hex(16)
    mark = fingerprint(f"{salt}{cnpj_key(store.cnpj)}")
    same = known.get("mark") == mark
    if same and known.get("day") == today:
        return
    try:
        found = account_document(ask())
    except TinyUnavailableError:
        if not (same and known.get("checked")):
            raise
        found, checked = None, True
    else:
        checked = found is not None
    if found is not None and found != cnpj_key(store.cnpj):
        raise OtherAccountError(
            f"The token of connection {store.tiny_conn_id!r} opens another account than that of store "
            f"{store.prefix!r} ({store.name}): its CNPJ is not the one in include/stores.yaml. Nothing was read. "
            "Set the connection's password to the token of this store's account, or correct cnpj there; "
            "then clear this task"
        )
    log_event(
        log,
        "account_checked" if found else "account_not_checked",
        level=logging.INFO if found else logging.WARNING,
        store=store.prefix,
        connection=store.tiny_conn_id,
    )
    objects.write_json(target, {"day": today, "salt": salt, "mark": mark, "checked": checked})


def account_document(answer: Answer) -> str | None:
    """Return the CNPJ or CPF in an answer of ``info``, in the form in which they are compared; None when it has none.

    Example:
        >>> account_document(Answer(Meaning.OK, None, "", "", {"conta": {"cnpj_cpf": "11.222.333/0001-81"}}))
        '11222333000181'
    """
    account = answer.retorno.get("conta") if answer.meaning is Meaning.OK else None
    if isinstance(account, list) and account:
        account = account[0]
    text = str(account.get("cnpj_cpf") or "") if isinstance(account, dict) else ""
    return cnpj_key(text) if sum(map(str.isalnum, text)) >= _LEAST else None

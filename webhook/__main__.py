"""Runs the receiver: `python -m webhook`. A slow sender takes a connection, never a thread."""

import argparse
import asyncio
import os

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from .main import SETTINGS, receive


class Connection(H11Protocol):
    """A connection on which requests begin in time, or it is closed: the server would wait for headers for ever."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to look after it."""
        super().connection_made(transport)
        self._close_if_no_news_since("the beginning")

    def eof_received(self) -> bool:  # type: ignore[override]
        """Keep the connection of a sender that has sent all and closed its side, for its answer."""
        if self.conn.their_state is h11.SEND_BODY:
            # There is more to come, but nothing comes: refused.
            self.conn.receive_data(b"")
            self.handle_events()
        waits = self.cycle is not None and not self.cycle.response_complete
        if waits:
            self.cycle.keep_alive = False
        return waits

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, unless its answer has gone out already."""
        answers = self.cycle is not None and not self.cycle.response_complete
        if not (answers and self.cycle.response_started):
            super().send_400_response(msg)
        if answers:
            self.cycle.disconnected = True
        self.transport.close()

    def _close_if_no_news_since(self, before: object) -> None:
        if self.conn.their_state is h11.IDLE and self.cycle is before:
            self.transport.close()
        elif not self.transport.is_closing():
            self.loop.call_later(SETTINGS.max_seconds, self._close_if_no_news_since, self.cycle)


def main() -> None:
    """Serve until SIGTERM; then end what was begun, in the time that Cloud Run grants."""
    options = argparse.ArgumentParser(prog="python -m webhook", description=__doc__)
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8080")))
    uvicorn.run(
        receive,
        **vars(options.parse_args()),
        http=Connection,
        limit_concurrency=SETTINGS.connections,
        timeout_graceful_shutdown=9,
        # No address in a log, no word about the server in an answer.
        access_log=False,
        log_config=None,
        server_header=False,
        lifespan="off",
        loop="asyncio",
        ws="none",
    )


if __name__ == "__main__":
    main()

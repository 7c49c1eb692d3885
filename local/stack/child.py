"""Becomes one part of the stack: `python -m local.stack.child STATE_FOLDER PART`, run by the process manager.

The part's command, variables and user come from the state: they need no quoting in the process manager's
file.
"""

from __future__ import annotations

import os
import pwd
import sys
from pathlib import Path

from local.stack.state import State


def main(home: str, name: str) -> None:
    """Replace this process by the part's program.

    Raises:
        SystemExit: No stack was started in the folder.
    """
    state = State.load(Path(home))
    if state is None:
        sys.exit(f"no stack in {home}")
    part = state.part(name)
    for path in part.remove:
        Path(path).unlink(missing_ok=True)
    if part.user and os.geteuid() == 0:
        account = pwd.getpwnam(part.user)
        os.setgroups([])
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)
    if part.folder:
        os.chdir(part.folder)
    os.execve(part.argv[0], part.argv, state.environments[name])  # noqa: S606  (no shell is the point)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])

"""Starts the receiver where Google builds it as a function, as Terraform does: deployed beside the folder `webhook`.

Google's command is the Functions Framework, whose server gives each sender a thread. It reads this file before it
listens, and the receiver's own server takes its place.
"""

import os
import sys

_WORDS = ["-m", "webhook", "--host", os.environ.get("HOST", "0.0.0.0")]  # noqa: S104  (Cloud Run is before it)
os.execv(sys.executable, [sys.executable, *_WORDS])  # noqa: S606

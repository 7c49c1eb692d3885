"""The least function that stores what is posted, for the Functions Framework: what the receiver is compared with."""

import os
from uuid import uuid4

from flask import Request
from google.cloud import storage

_BUCKET = storage.Client().bucket(os.environ["BARE_BUCKET"])


def receive(request: Request) -> str:
    """Store a body under a new name, and return the name."""
    name = f"vendas/{uuid4()}.json"
    _BUCKET.blob(name).upload_from_string(request.get_data(), request.content_type, if_generation_match=0)
    return name

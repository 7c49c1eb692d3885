"""The places that Cloud Storage and BigQuery have: each name in capitals, as Cloud Storage writes them."""

from __future__ import annotations

from typing import Final

STORAGE_SOURCE: Final = "https://cloud.google.com/storage/docs/locations"
BIGQUERY_SOURCE: Final = "https://cloud.google.com/bigquery/docs/locations"

_REGIONS: Final = """
AFRICA-SOUTH1 ASIA-EAST1 ASIA-EAST2 ASIA-NORTHEAST1 ASIA-NORTHEAST2 ASIA-NORTHEAST3 ASIA-SOUTH1 ASIA-SOUTH2
ASIA-SOUTHEAST1 ASIA-SOUTHEAST2 ASIA-SOUTHEAST3 AUSTRALIA-SOUTHEAST1 AUSTRALIA-SOUTHEAST2 EUROPE-CENTRAL2
EUROPE-NORTH1 EUROPE-NORTH2 EUROPE-SOUTHWEST1 EUROPE-WEST1 EUROPE-WEST2 EUROPE-WEST3 EUROPE-WEST4
EUROPE-WEST6 EUROPE-WEST8 EUROPE-WEST9 EUROPE-WEST10 EUROPE-WEST12 ME-CENTRAL1 ME-CENTRAL2 ME-WEST1
NORTHAMERICA-NORTHEAST1 NORTHAMERICA-NORTHEAST2 NORTHAMERICA-SOUTH1 SOUTHAMERICA-EAST1 SOUTHAMERICA-WEST1
US-CENTRAL1 US-EAST1 US-EAST4 US-EAST5 US-SOUTH1 US-WEST1 US-WEST2 US-WEST3 US-WEST4 US-WEST8
"""
REGIONS: Final = frozenset(_REGIONS.split())
MULTI_REGIONS: Final = frozenset({"US", "EU"})
STORAGE: Final = REGIONS | MULTI_REGIONS | {"ASIA", "ASIA1", "EUR4", "EUR5", "EUR7", "EUR8", "NAM4"}
BIGQUERY: Final = REGIONS | MULTI_REGIONS


def may_read(dataset: str, bucket: str) -> bool:
    """Tell whether a job in a dataset's place may read a bucket in another: the US may read all, others their own."""
    dataset, bucket = dataset.upper(), bucket.upper()
    if dataset in {bucket, "US"}:
        return True
    return dataset == "EU" and bucket.startswith(("EU", "EUROPE"))

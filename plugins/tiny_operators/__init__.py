"""Tiny ERP (Olist Tiny) sales into BigQuery: hook, operators, sensor and links for Apache Airflow.

Layout: ``tiny`` holds what Tiny's answers and webhooks mean, ``rows`` how an answer becomes table rows (both pure);
``hooks`` talk to services, ``operators`` and ``sensors`` are the thin Airflow side of them.
"""

__version__ = "0.1.0"

"""Tiny ERP (Olist Tiny) sales into BigQuery: hook, operators, sensor and links for Apache Airflow.

Imports go down only: ``task_factories``; ``operators`` and ``sensors``; ``hooks``; ``setup``; ``batches``; ``lake`` and
``warehouse``; ``orders``; ``tiny``. ``make lint`` holds the rule (``pyproject.toml``); the first lines of each room say
what it is for.
"""

__version__ = "0.1.0"

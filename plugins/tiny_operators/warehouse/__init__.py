"""BigQuery: datasets, tables that grow, views, and queries about the tables; its only user besides setup.

The SQL itself is in ``include/sql``, the columns are in ``include/schemas``.
"""

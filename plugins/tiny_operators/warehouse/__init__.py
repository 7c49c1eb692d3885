"""BigQuery: datasets, tables that grow, views, and what is asked of the tables; beside setup its only user.

SQL itself stands in ``include/sql``, columns in ``include/schemas``.
"""

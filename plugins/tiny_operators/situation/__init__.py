"""What is in: each day of a store as Tiny and BigQuery have it, and the page that shows it.

It is pure, and imports nothing of Airflow or Google: the web server uses it too, where ``include/`` does not exist.
"""

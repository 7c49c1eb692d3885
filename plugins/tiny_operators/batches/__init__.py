"""What a run does: what it takes from its source, what becomes of each order, how it settles with its source.

Knows neither Airflow nor Google's clients: calls, objects and tables are passed in.
"""

"""Airflow's connection to Tiny: sends the calls, at their pace, and tries again.

Knows nothing of orders.
"""

"""Airflow's connection to Tiny: sends the calls, at their pace, and tries again.

Does not decide what becomes of an order.
"""

"""Whose data it is: people who ask, what of theirs is in a record or a text, and blanking it.

Pure: nothing here reads or writes anything, or knows Airflow, Google or HTTP.
"""

"""Tasks that several DAGs have in common, and the macros of their SQL.

Only DAG files use it.
"""

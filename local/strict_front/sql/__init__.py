"""Statements as BigQuery reads them: parsed, analyzed over the tables as they are, and held against its limits."""

"""What an order is: webhooks, raw lines, plans, and the typed rows that Tiny's answers become.

Pure: nothing here reads or writes anything, or knows Airflow, Google or HTTP.
"""

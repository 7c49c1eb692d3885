"""The tasks. Thin: each passes a batch what it needs, and leaves counts and names behind.

The rooms below decide about the orders.
"""

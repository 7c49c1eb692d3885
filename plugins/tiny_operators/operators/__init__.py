"""The tasks. Thin: each passes a batch what it needs, and leaves counts and names behind.

The rules by which an order is loaded, waits or is rejected are in the rooms below.
"""

"""The tasks. Thin: each hands a batch what it needs, and leaves counts and names behind.

What is decided about an order is decided below.
"""

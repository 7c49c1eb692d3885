"""The sensor that waits for webhooks without a worker's slot.

It decides when a run starts, never what it does.
"""

"""The buckets: objects, their names, and raw lines, read and written; the only user of Cloud Storage besides setup.

Nothing here decides which orders are read.
"""

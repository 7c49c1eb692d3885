"""What exists before the first run: buckets, datasets, tables, the key of the customers' pseudonyms.

Looks first and creates what is missing; no other room changes what a bucket or dataset is.
"""

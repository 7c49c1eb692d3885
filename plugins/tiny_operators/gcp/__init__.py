"""Google Cloud: objects in buckets, and what setup creates."""

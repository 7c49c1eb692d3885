"""Raw answers: their lines in the bucket, written, read, and read in the older layout."""

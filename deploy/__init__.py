"""What runs the pipeline in Google Cloud, and what leads people to its results."""

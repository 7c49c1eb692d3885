"""Which orders a run is to read: from webhook files, or from search pages against BigQuery."""

"""The demo: 20 sales from their webhooks to BigQuery on the local stack, checked against the simulator's truth."""

"""Sensors: waiting that holds no worker slot."""

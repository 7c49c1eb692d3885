"""Operators: each resolves its values, lets the hook and the pure modules work, and returns names and counts."""

"""How much the receiver takes in, beside the least program that does the same: ``make bench-receiver``."""

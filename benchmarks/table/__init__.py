"""One table of figures, each with its limit and the ratio to it: ``make bench``."""

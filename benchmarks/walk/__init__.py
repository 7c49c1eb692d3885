"""How straight the way of one webhook is through the package: ``make walk``."""

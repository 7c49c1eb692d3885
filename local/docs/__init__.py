"""Documentation that is made from the code: ``make docs``."""

"""How an answer becomes table rows, typed by the files in ``include/schemas``: pure, rows or a reject."""

"""What DAG files share: the last steps, forms, macros."""

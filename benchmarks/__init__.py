"""Speed, calls and sizes, measured by commands."""

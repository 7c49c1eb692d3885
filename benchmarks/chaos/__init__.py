"""Everything that can go wrong, at once, through the real scheduler: and the tables are right at the end."""

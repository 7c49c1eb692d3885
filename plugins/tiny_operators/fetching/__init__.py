"""Reading planned orders from Tiny: in chunks, at the account's pace, live sales first."""

"""What Tiny says and how one may ask: pure functions of values, no input or output."""

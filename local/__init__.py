"""Programs that run everything at home: the Tiny simulator, the local stack, the demonstration."""

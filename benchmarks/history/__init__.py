"""History at the speed that the API allows: calls, rows, kills, live sales meanwhile, memory."""

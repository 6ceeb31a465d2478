"""What BMCs tell of servers: each module is a format of it."""

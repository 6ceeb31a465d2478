"""Where machines come from: a vCenter or ESXi host, several of them, or recordings."""

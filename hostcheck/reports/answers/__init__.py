"""The answers to several VMs: each module is a format of them."""

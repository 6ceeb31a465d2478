"""The ESXi shell over SSH."""

"""A policy as it holds in a cluster, as text and JSON."""

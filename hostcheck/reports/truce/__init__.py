"""Exceptions from hardening that GPUs need, in the forms that hardening tools read."""

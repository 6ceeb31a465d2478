"""Telling people what changed, by mail and webhook: what is news, and each way to send it."""

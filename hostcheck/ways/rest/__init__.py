"""vCenter's REST API: what SOAP does not tell."""

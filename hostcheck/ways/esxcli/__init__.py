"""esxcli through the vSphere API."""

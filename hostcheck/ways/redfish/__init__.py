"""The management controller (BMC) of a server, over Redfish."""

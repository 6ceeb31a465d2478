"""What every client asks for: the property paths of an audit, of a server of this API version."""

from hostcheck.parsers import vim_host_system, vim_virtual_machine

API = (8, 0, 3)
HOST = tuple(path.name for path in vim_host_system.REQUEST.paths if path.since <= API)
VM = tuple(path.name for path in vim_virtual_machine.REQUEST.paths if path.since <= API)

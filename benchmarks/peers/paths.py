"""What every client asks for: the property paths of an audit. Prints them for the Go client."""

from hostcheck.parsers import vim_host_system, vim_virtual_machine

HOST = tuple(path.name for path in vim_host_system.REQUEST.paths)
VM = tuple(path.name for path in vim_virtual_machine.REQUEST.paths)

if __name__ == "__main__":
    print(",".join(HOST))
    print(",".join(VM))

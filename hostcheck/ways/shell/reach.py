"""How to reach the shell of one host: what goes for all hosts, and what ssh_config says of it.

`ssh -G HOST` reads ssh_config, so that Include, Match, tokens and canonical names mean what they
mean to the user's own ssh (docs/decisions/0041).
"""

import os
import re
import shlex
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from getpass import getuser
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from hostcheck import environment
from hostcheck.model.fact import Unknown, Why
from hostcheck.ways.base import Refused

SYSTEM_CONFIGS = ("/etc/ssh/ssh_config", "/usr/etc/ssh/ssh_config")
DEFAULT_KEYS = tuple(
    f"~/.ssh/id_{kind}"
    for kind in ("rsa", "ecdsa", "ecdsa_sk", "ed25519", "ed25519_sk", "xmss", "dsa")
)
"""What ssh tries where nobody names a key; those that are not there are no mistake."""
_HOST = re.compile(r"[A-Za-z0-9_:][A-Za-z0-9_.:-]*")
"""Names that may stand in a command line of ssh: no option, no token, nothing a shell reads."""
_PLAIN = re.compile(r"[\w@.:\\+%-]+", re.ASCII)
"""An address or a user, of which a shell makes nothing."""
_TOKEN = re.compile(r"%(.)|\$\{(\w+)\}")
_REMARK = re.compile(r"debug\d: |OpenSSH_|.*: terminating, ")
READ_TWICE = "configuration requests final Match pass"
_NONE = ("", "none")


class Shell(Struct, frozen=True):
    """How to reach the shell of one host. Times are seconds.

    `known_hosts` files hold the keys that are trusted; a host that is in none of them is refused.
    """

    address: str
    user: str = "root"
    port: int = 22
    host_key_name: str = ""
    """Name to look up in known_hosts as it is; the address and port when empty."""
    known_hosts: tuple[str, ...] = ()
    hash_names: bool = False
    """Whether a name is hashed where it is added to known_hosts."""
    revoked_keys: tuple[str, ...] = ()
    key_files: tuple[str, ...] = ()
    """Private or public; what is missing is told, but for those that ssh tries unasked."""
    certificates: tuple[str, ...] = ()
    use_keys: bool = True
    use_agent: bool = False
    only_these_keys: bool = False
    """Whether the agent is asked for `key_files` only (IdentitiesOnly)."""
    agent_socket: str = ""
    """Of another agent than that of SSH_AUTH_SOCK."""
    through: tuple[str, ...] = ()
    """The command line whose standard input and output are the connection, where there is one."""
    jump: str = ""
    """The jump hosts that it goes over, in words for a report."""
    connect_timeout: float = 15
    command_timeout: float = 30
    host_timeout: float = 180


def shell_from_ssh_config(
    host: str,
    *,
    config: Path,
    base: Shell,
    own: bool = True,
    override_user: str = "",
    override_port: int = 0,
    override_known_hosts: tuple[str, ...] = (),
    override_keys: tuple[str, ...] = (),
) -> Shell:
    """Apply ssh_config to a host, as the user's own ssh does; `base` holds where it says nothing.

    `own`: the file stands alone; else the system's follows it, as behind ~/.ssh/config.
    Raises Refused for what ssh does not read, and for a name that it may not be asked about.
    """
    if not _HOST.fullmatch(host):
        raise _unusable(f"{host!r} is no name that ssh can be asked about", "name in DNS")
    client = shutil.which("ssh")
    if client is None:
        found = _without_client(host, config, base)
    else:
        wanted = (*(("-l", override_user) if override_user else ()),
                  *(("-p", str(override_port)) if override_port else ()))  # fmt: skip
        told = _asked((client, *wanted), host, config, base, own=own)
        found = _applied(told, host, base, _client(client, config, own=own))
    if ":" in found.user:
        raise _unusable(f"the user that {config} names has a ':'", "name of a user")
    return replace(
        found,
        user=override_user or found.user,
        port=override_port or found.port,
        known_hosts=override_known_hosts or found.known_hosts,
        key_files=override_keys or found.key_files,
        only_these_keys=found.only_these_keys or bool(override_keys),
    )


def _unusable(detail: str, need: str = "ssh_config that can be read") -> Refused:
    return Refused(Unknown(Why.UNREACHABLE, detail, "", need))


def _without_client(host: str, config: Path, base: Shell) -> Shell:
    """Return what goes for all hosts, where no file of the user could say otherwise."""
    if is_there(config):
        raise _unusable(f"there is no ssh here to read {config}", "OpenSSH client")
    keys = base.key_files or tuple(str(Path(one).expanduser()) for one in DEFAULT_KEYS)
    return replace(base, address=host.lower(), key_files=keys)


def _client(client: str, config: Path, *, own: bool) -> tuple[str, ...]:
    """Return how ssh is called for a jump: it asks nobody, and trusts only keys that it knows."""
    file = ("-F", str(config)) if own else ()
    return (client, "-T", *file, "-oBatchMode=yes", "-oStrictHostKeyChecking=yes")


def _asked(
    client: tuple[str, ...], host: str, config: Path, base: Shell, *, own: bool
) -> Mapping[str, list[str]]:
    """Ask ssh what its files say of a host: keyword in small letters -> values.

    What goes for all hosts stands behind them, for the first value is the one that holds. Where
    they want to be read twice (`Match final`), it waits for the second time. A file that is named
    may belong to anybody, as with `ssh -F`; those that are included may not.
    """
    if own:
        before = _text(config)
    else:
        before = "".join(f"Include {_quoted(one)}\n" for one in (str(config), *SYSTEM_CONFIGS))
    behind = [f"User {_quoted(base.user)}", f"Port {base.port}"]
    if base.known_hosts:
        behind.append(f"UserKnownHostsFile {' '.join(map(_literal, base.known_hosts))}")
    behind += [f"IdentityFile {_literal(name)}" for name in base.key_files]
    for match in ("Match all", "Match final all"):
        lines = "\n".join((match, *behind))
        text = f"{before}\n{lines}\n"
        told, remarks = _said(
            (*client, "-G", "-T", "-v"), host, text, str(config), base.connect_timeout
        )
        if READ_TWICE not in remarks:
            break
    found: dict[str, list[str]] = {}
    for line in told.splitlines():
        keyword, _, value = line.partition(" ")
        found.setdefault(keyword.lower(), []).append(value)
    return found


def _text(config: Path) -> str:
    """Return a file byte by byte, empty where there is none."""
    try:
        return config.read_bytes().decode(errors="surrogateescape")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise _unusable(f"{config}: {error.strerror}") from None


def _said(
    command: tuple[str, ...], host: str, config: str, name: str, seconds: float
) -> tuple[str, str]:
    """Return what ssh prints, with its remarks. Raises Refused where it does not read the file.

    `name` is what the user calls the file whose text comes first.
    """
    with tempfile.TemporaryDirectory(prefix="hostcheck-") as folder:
        file = Path(folder) / "ssh_config"
        file.write_bytes(config.encode(errors="surrogateescape"))
        try:
            done = subprocess.run(  # noqa: S603  the name was looked at
                [*command, "-F", str(file), "--", host], stdin=subprocess.DEVNULL,
                capture_output=True, text=True, errors="replace", timeout=seconds, check=False,
                env=environment.of_children(),
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise _unusable(f"ssh -G {host} did not end within {seconds:g} s") from None
        except OSError as error:
            raise _unusable(f"{command[0]}: {error.strerror}", "OpenSSH client") from None
    if done.returncode:
        lines = done.stderr.replace(str(file), name).splitlines()
        said = [line for line in lines if not _REMARK.match(line)]
        raise _unusable(f"ssh -G {host}: {'; '.join(said[:3]) or 'failed without a word'}")
    return done.stdout, done.stderr


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _literal(name: str) -> str:
    """Write the name of a file so that ssh finds no token in it."""
    return _quoted(name.replace("%", "%%"))


def _applied(
    told: Mapping[str, list[str]], host: str, base: Shell, client: tuple[str, ...]
) -> Shell:
    """Return what ssh told, in our words; where there is no line, its default is ours too."""

    def one(keyword: str, default: str = "") -> str:
        value = told.get(keyword, [default])[0]
        return default if value in _NONE else value

    def files(keyword: str) -> tuple[str, ...]:
        lines = [line for line in told.get(keyword, ()) if line not in _NONE]
        return tuple(_file(line, tokens) for line in lines)

    address, user, port = one("hostname", host).lower(), one("user", base.user), int(one("port"))
    alias = one("hostkeyalias")
    here = socket.gethostname()
    tokens = {
        "%": "%", "h": address, "n": host, "p": str(port), "r": user, "k": alias or host,
        "d": str(Path.home()), "u": getuser(), "i": str(getattr(os, "getuid", int)()),
        "l": here, "L": here.partition(".")[0],
    }  # fmt: skip
    agent = one("identityagent", "SSH_AUTH_SOCK")
    agent = "" if agent == "SSH_AUTH_SOCK" else _file(agent, tokens)
    known = [name for key in ("user", "global") for name in _several(one(f"{key}knownhostsfile"))]
    if one("proxyusefdpass") == "yes":
        raise _unusable("ProxyUseFdpass hands a connection over, which is not taken here")
    return replace(
        base,
        address=address,
        user=user,
        port=port,
        host_key_name=alias,
        known_hosts=tuple(_file(name, tokens) for name in known),
        hash_names=one("hashknownhosts") == "yes",
        revoked_keys=files("revokedhostkeys"),
        key_files=files("identityfile"),
        certificates=files("certificatefile"),
        use_keys=one("pubkeyauthentication", "yes") not in ("no", "false"),
        use_agent=base.use_agent and told.get("identityagent") != ["none"],
        only_these_keys=one("identitiesonly") == "yes",
        agent_socket=environment.variable(agent[1:], "") if agent.startswith("$") else agent,
        through=_through(one("proxyjump"), one("proxycommand"), client, tokens),
        jump=one("proxyjump"),
    )


def _several(line: str) -> list[str]:
    """Tell the names of files on one line apart: ssh prints those with blanks without quotes."""
    words, names = line.split(" "), []
    while words:
        most = next((n for n in range(len(words), 1, -1) if Path(" ".join(words[:n])).is_file()), 1)
        names.append(" ".join(words[:most]))
        words = words[most:]
    return [name for name in names if name not in _NONE]


def _filled(text: str, tokens: Mapping[str, str]) -> str:
    """Put in what tokens and variables stand for; one that is not known stays as it is."""

    def value(found: re.Match[str]) -> str:
        if found[2]:
            return environment.variable(found[2], found[0])
        return tokens.get(found[1], found[0])

    return _TOKEN.sub(value, text)


def _file(name: str, tokens: Mapping[str, str]) -> str:
    path = _filled(name, tokens)
    try:
        return str(Path(path).expanduser())
    except RuntimeError:
        raise _unusable(f"{path}: there is no such user here") from None


def _through(
    jump: str, command: str, client: tuple[str, ...], tokens: Mapping[str, str]
) -> tuple[str, ...]:
    """Return the command line that a connection goes through, empty where it goes straight."""
    if jump:
        return _jumped(jump.split(","), client, f"[{tokens['h']}]:{tokens['p']}")
    if not command:
        return ()
    strange = [tokens[one] for one in "hr" if not _PLAIN.fullmatch(tokens[one])]
    if strange:
        raise _unusable(f"{strange[0]!r} is not put into a ProxyCommand: a shell would read it")
    shell = environment.variable("SHELL") or "/bin/sh"
    return (shell, "-c", f"exec {_filled(command, tokens)}")


def _jumped(jumps: list[str], client: tuple[str, ...], target: str) -> tuple[str, ...]:
    """Return what ssh makes of ProxyJump too: an ssh to the last host, by way of the ones before.

    Each is called by us, for what ssh itself calls in between would ask its user.
    """
    *before, last = (one if one.startswith("ssh://") else f"ssh://{one}" for one in jumps)
    proxy: tuple[str, ...] = ()
    for url in before:
        inner = tuple(one.replace("%", "%%") for one in proxy)
        proxy = (f"-oProxyCommand={shlex.join((*client, *inner, '-W', '[%h]:%p', '--', url))}",)
    return (*client, *proxy, "-W", target, "--", last)


def jumps_of(
    shell: Shell, config: Path, base: Shell, *, own: bool, met: tuple[str, ...] = ()
) -> Iterator[Shell]:
    """Yield how each jump host of a shell is reached, those before it first. Raises Refused.

    What ssh asks of them is its own: no option of ours counts there.
    """
    jumps = shell.jump.split(",") if shell.jump else []
    client = shutil.which("ssh") or "ssh"
    for at, jump in enumerate(jumps):
        parts = urlsplit(f"ssh://{jump.removeprefix('ssh://')}")
        found = shell_from_ssh_config(
            parts.hostname or "", config=config, base=base, own=own,
            override_user=parts.username or "", override_port=parts.port or 0,
        )  # fmt: skip
        if at:
            before = jumps[:at]
            target = f"[{found.address}]:{found.port}"
            through = _jumped(before, _client(client, config, own=own), target)
            found = replace(found, jump=",".join(before), through=through)
        elif jump not in met:
            yield from jumps_of(found, config, base, own=own, met=(*met, jump))
        yield found


def is_there(path: Path) -> bool:
    """Say whether a file is there for this user: not in a folder that only others may enter."""
    try:
        return path.is_file()
    except OSError:
        return False

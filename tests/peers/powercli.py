# mypy: disable-error-code="no-untyped-call"
"""PowerCLI as far as fixes use it: read strictly, by PowerShell's rules, and run over the API.

There is no PowerShell here. What a script may hold is little: objects of VMware.Vim, whose types
and properties are checked against pyVmomi's own of the same API, one method of a VM, and cmdlets of
the PowerCLI reference (developer.broadcom.com/powercli/latest) with the parameters in `CMDLETS`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pyVmomi import VmomiSupport, vim

FindVm = Callable[[str], Any]


class Refused(Exception):  # noqa: N818
    """What PowerShell or PowerCLI has against a script."""


CMDLETS: dict[str, dict[str, str]] = {
    "Set-VM": {
        "VM": "vm", "NumCpu": "number", "CoresPerSocket": "number", "MemoryMB": "number",
        "MemoryGB": "number", "Confirm": "switch",
    },
    "New-AdvancedSetting": {
        "Entity": "cluster", "Type": "ClusterDRS|ClusterHA", "Name": "name", "Value": "name",
        "Force": "flag", "Confirm": "switch",
    },
}  # fmt: skip
"""Parameters by cmdlet, and what they take; the first one may go without its name."""
SETS_VM = {"NumCpu": "numCPUs", "CoresPerSocket": "numCoresPerSocket", "MemoryMB": "memoryMB"}

QUOTES = "'\u2018\u2019\u201a\u201b"
_STRING = rf"[{QUOTES}](?:[{QUOTES}]{{2}}|[^{QUOTES}])*[{QUOTES}]"
_TOKEN = re.compile(
    rf"\s*(?P<token>{_STRING}|\$\w+|-\w+:\$(?:true|false)|-\w+|\w[\w-]*|[().;=|]|\S)"
)
_CONSTANTS = {"$true": True, "$false": False, "$null": None}


def tokens(script: str) -> list[str]:
    """Return the words and signs of a script."""
    found, at = [], 0
    while at < len(script.rstrip()):
        match = _TOKEN.match(script, at)
        if match is None:
            raise Refused(f"unexpected: {script[at:]}")
        found.append(match["token"])
        at = match.end()
    return found


def text_of(token: str) -> str:
    """Return what a single-quoted string says."""
    if not re.fullmatch(_STRING, token):
        raise Refused(f"not a string: {token}")
    return re.sub(f"([{QUOTES}])[{QUOTES}]", r"\1", token[1:-1])


def array(script: str) -> list[str]:
    """Return the texts of `@('a', ('b' + [char]0x000a))`, and refuse whatever else stands there."""
    words = tokens(script)
    if words[:2] != ["@", "("] or words[-1] != ")":
        raise Refused(f"not an array: {script}")
    found, left = [], words[2:-1]
    while left:
        text, left = _expression(left)
        found.append(text)
        if left and left.pop(0) != ",":
            raise Refused(f"not a list of texts: {script}")
    return found


def _expression(words: list[str]) -> tuple[str, list[str]]:
    """Read a string, or a sum of strings and characters in brackets; return what is left, too."""
    if words[0] != "(":
        return text_of(words[0]), words[1:]
    text, left = "", words
    while left[0] in ("(", "+"):
        left = left[1:]
        if left[:6] == ["[", "char", "]", ":", ":", "ConvertFromUtf32"]:
            text, left = text + chr(int(left[7], 16)), left[9:]
        elif left[:3] == ["[", "char", "]"]:
            text, left = text + chr(int(left[3], 16)), left[4:]
        else:
            text, left = text + text_of(left[0]), left[1:]
    if left[0] != ")":
        raise Refused(f"not a sum of texts: {' '.join(words)}")
    return text, left[1:]


@dataclass
class Session:
    """Runs scripts. Without `find` a script is read and checked, and nothing is called."""

    find: FindVm | None = None
    cluster_of: FindVm | None = None
    """The cluster of a host, by the host's name."""
    variables: dict[str, Any] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def run(self, script: str) -> None:
        """Run a script of one line."""
        words = tokens(script)
        while words:
            end = words.index(";") if ";" in words else len(words)
            statement, words = words[:end], words[end + 1 :]
            if statement:
                self._statement(statement)

    def _statement(self, words: list[str]) -> None:
        if words[0].startswith("$"):
            self._assign(words)
        elif words[0] == "(":
            self._method(words)
        else:
            self._cmdlet(words)

    def _assign(self, words: list[str]) -> None:
        at = words.index("=")
        value = self._value(words[at + 1 :])
        variable, path = words[0], words[1:at]
        if not path:
            self.variables[variable] = value
            return
        names = [word for word in path if word != "."]
        if len(names) * 2 != len(path) or variable not in self.variables:
            raise Refused(f"cannot be assigned to: {' '.join(words[:at])}")
        target = self.variables[variable]
        for name in names[:-1]:
            target = getattr(target, property_of(target, name))
        setattr(target, property_of(target, names[-1]), value)

    def _value(self, words: list[str]) -> Any:
        if words[0] == "New-Object":
            return made("".join(words[1:]))
        if len(words) == 1 and words[0] in _CONSTANTS:
            return _CONSTANTS[words[0]]
        if len(words) == 1 and words[0].isdecimal():
            return int(words[0])
        if len(words) == 1:
            return text_of(words[0])
        raise Refused(f"not a value: {' '.join(words)}")

    def _method(self, words: list[str]) -> None:
        """(Get-VM -Id 'id').ExtensionData.Method($spec)"""
        vm, rest = _vm_of(words)
        if rest[:3] != [".", "ExtensionData", "."]:
            raise Refused(f"not a method of a VM: {' '.join(words)}")
        name, opens, argument, closes = rest[3:]
        if (opens, closes) != ("(", ")") or argument not in self.variables:
            raise Refused(f"not a call: {' '.join(rest)}")
        wire = f"{name[0].upper()}{name[1:]}"
        method = next((one for one in vim.VirtualMachine._GetMethodList()
                       if one.wsdlName in (f"{wire}_Task", wire)), None)  # fmt: skip
        if method is None:
            raise Refused(f"a VM has no method {name}")
        (parameter,) = method.params
        spec = self.variables[argument]
        if not isinstance(spec, parameter.type):
            raise Refused(f"{name} takes {parameter.type.__name__}")
        self._call(vm, method.name, spec)

    def _cmdlet(self, words: list[str]) -> None:  # noqa: C901  one branch a kind of argument
        cmdlet, *left = words
        known = CMDLETS.get(cmdlet)
        if known is None:
            raise Refused(f"not a cmdlet that is listed: {cmdlet}")
        given: dict[str, Any] = {}
        while left:
            word = left.pop(0)
            if not word.startswith("-"):
                left.insert(0, word)
                word = f"-{next(iter(known))}"
            name, _, value = word[1:].partition(":")
            if name not in known or name in given:
                raise Refused(f"{cmdlet}: A parameter cannot be found that matches {word}")
            kind = known[name]
            if kind == "flag":
                given[name] = True
            elif kind in ("cluster", "vm"):
                given[name], left = (_vm_of if kind == "vm" else _cluster_of)(left)
            else:
                given[name] = _argument(kind, value or (left.pop(0) if left else ""))
        if given.get("Confirm") is not False:
            raise Refused(f"{cmdlet} asks back without -Confirm:$false")
        if cmdlet == "New-AdvancedSetting":
            self._advanced(given)
            return
        spec = vim.vm.ConfigSpec()
        for name, prop in SETS_VM.items():
            if name in given:
                setattr(spec, prop, given[name])
        self._call(given["VM"], "Reconfigure", spec)

    def _advanced(self, given: dict[str, Any]) -> None:
        """Set an advanced option of DRS on the cluster of a host."""
        option = vim.option.OptionValue(key=given["Name"], value=given["Value"])
        spec = vim.cluster.ConfigSpecEx(drsConfig=vim.cluster.DrsConfigInfo(option=[option]))
        self.calls.append(f"cluster of {given['Entity']}.ReconfigureEx")
        if self.cluster_of is not None:
            _wait(self.cluster_of(given["Entity"]).ReconfigureComputeResource_Task(spec, True))

    def _call(self, vm: str, method: str, spec: Any) -> None:
        self.calls.append(f"{vm}.{method}")
        if self.find is not None:
            _wait(getattr(self.find(vm), method)(spec))


def _wait(task: Any) -> None:
    while task.info.state in ("running", "queued"):
        pass
    if task.info.state != "success":
        raise Refused(str(task.info.error.localizedMessage or task.info.error))


def _vm_of(left: list[str]) -> tuple[str, list[str]]:
    """Read `(Get-VM -Id 'VirtualMachine-vm-1')`; return vm-1 and what follows.

    A name would be a pattern to PowerCLI, and every VM that has it would be changed.
    """
    head, rest = left[:5], left[5:]
    if (head[:3], head[4:]) != (["(", "Get-VM", "-Id"], [")"]):
        raise Refused(f"not one VM: {' '.join(left)}")
    kind, _, vm_id = text_of(head[3]).partition("-")
    if kind != "VirtualMachine" or not vm_id:
        raise Refused(f"not the id of a VM: {head[3]}")
    return vm_id, rest


def _cluster_of(left: list[str]) -> tuple[str, list[str]]:
    """Read `(Get-Cluster -VMHost 'name')`; return the host and what follows."""
    head, rest = left[:5], left[5:]
    if (head[:3], head[4:]) != (["(", "Get-Cluster", "-VMHost"], [")"]):
        raise Refused(f"not a cluster: {' '.join(left)}")
    return text_of(head[3]), rest


def _argument(kind: str, word: str) -> Any:
    if kind == "switch":
        if word not in _CONSTANTS:
            raise Refused(f"not $true or $false: {word}")
        return _CONSTANTS[word]
    plain = text_of(word) if word[:1] in QUOTES else word
    if "|" in kind and plain not in kind.split("|"):
        raise Refused(f"not one of {kind}: {word}")
    if kind == "number":
        if not plain.isdecimal() or int(plain) < 1:
            raise Refused(f"not a number from 1: {word}")
        return int(plain)
    return plain


def made(name: str) -> Any:
    """Return a new object of a type of VMware.Vim, which are those of the API."""
    prefix, _, kind = name.rpartition(".")
    if prefix != "VMware.Vim":
        raise Refused(f"Cannot find type [{name}]")
    try:
        return VmomiSupport.GetWsdlType("urn:vim25", kind)()
    except KeyError:
        raise Refused(f"Cannot find type [{name}]") from None


def property_of(target: Any, word: str) -> str:
    """Return the API's name of a property that a script names, quoted or not."""
    name = text_of(word) if word[:1] in QUOTES else word
    wire = f"{name[0].lower()}{name[1:]}"
    if wire not in [one.name for one in target._GetPropertyList(True)]:
        raise Refused(f"The property {name} cannot be found on {type(target).__name__}")
    return wire

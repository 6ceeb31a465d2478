"""Questions and answers.

A `Request` is data: everything this tool may ever ask is a constant of this type. Slots in its
template take integers only, so nothing that a host or VM says can reach a shell.
"""

from msgspec import Struct

from hostcheck.model.fact import Unknown

EVERYTHING = "*"
"""The subject of a listing: all objects of a type that the account can see."""


class Wire:
    """Names of the wires that questions travel on. A way to machines brings its own: any text."""

    PROPERTIES = "properties"
    """vSphere PropertyCollector: the paths of one managed object."""
    METHOD = "method"
    """One read-only vSphere method."""
    TASK = "task"
    """A vSphere method that answers with a task and changes nothing: one of vCenter's checks."""
    WRITE = "write"
    """The method that starts a VM: only `power-on` can send it."""
    SERVICE = "service"
    """Start and stop of a host's SSH service, which only `--manage-ssh` can send."""
    ESXCLI = "esxcli"
    """An esxcli command through the vSphere API (ExecuteSoap): no SSH."""
    SHELL = "shell"
    """One command line in the ESXi shell, over SSH."""
    GUEST = "guest"
    """The smoke test in a guest that the user named: brought there, run, and removed."""
    GIVEN = "given"
    """Nothing was asked: the user states it."""


class Path(Struct, frozen=True):
    """A property path and the first API version that knows it, as (major, minor, update, patch)."""

    name: str
    since: tuple[int, ...] = (6, 5)


class CallPart(Struct, frozen=True, omit_defaults=True):
    """XML of a method's arguments. `{name}` is an argument, `{subject}` the object of the question.

    `only` and `unless` are an argument and a value of it that the part depends on. `{session}` is
    the key of the session that asks: whoever holds the session fills it in.
    """

    xml: str
    optional: bool = False
    """Whether it is left out where an argument in it was not given."""
    times: str = ""
    """The argument that says how often it stands; `{n}` then counts from 1."""
    each: str = ""
    """The argument whose words, between blanks, are `{each}`: the part stands once for each."""
    only: tuple[str, str] = ("", "")
    unless: tuple[str, str] = ("", "")


class Call(Struct, frozen=True, omit_defaults=True):
    """What a vSphere method is called with, and on which object.

    That is the subject of the question, or a manager of which vCenter has one.
    """

    parts: tuple[CallPart, ...] = ()
    manager: str = ""
    """Its name in ServiceContent."""
    since: tuple[int, ...] = ()
    """The first API version that has the method, where that is asked before it is called."""
    missing: str = ""
    """What to say where there is no such manager."""
    anywhere: bool = False
    """Whether an ESXi host that is asked without a vCenter has that manager too."""


class Request(Struct, frozen=True):
    """One question. Compare, hash and store it by `key`.

    `template` is the command line, `Type.method` or managed object type, with `{slots}` for
    integers; `subject` is the managed object id of a vSphere question, empty for the shell;
    `arguments` are what a method is given besides: managed object ids and plain values by name;
    `call` says how they are written.
    """

    wire: str
    template: str
    purpose: str
    privilege: str = ""
    paths: tuple[Path, ...] = ()
    slots: tuple[tuple[str, int], ...] = ()
    subject: str = ""
    arguments: tuple[tuple[str, str], ...] = ()
    call: Call | None = None

    @property
    def text(self) -> str:
        """The words that are sent: the template with its integers."""
        return self.template.format(**dict(self.slots)) if self.slots else self.template

    @property
    def key(self) -> tuple[str, str, str]:
        """Identity of the question in a recording."""
        text = self.text if self.slots else self.template
        return (self.wire, text, self.about if self.arguments else self.subject)

    @property
    def about(self) -> str:
        """Whom and what the question is about: `vm-12 pool=resgroup-8`. The object comes first."""
        if not self.arguments:
            return self.subject
        return " ".join((self.subject, *(f"{name}={value}" for name, value in self.arguments)))

    def fill(self, **slots: int) -> "Request":
        """Return the request with its integer slots filled. Raises TypeError for anything else."""
        for name, value in slots.items():
            if type(value) is not int or value < 0:
                raise TypeError(f"slot {name} takes a non-negative integer, not {value!r}")
        return Request(
            self.wire, self.template, self.purpose, self.privilege, self.paths,
            tuple(sorted(slots.items())), self.subject, self.arguments, self.call,
        )  # fmt: skip

    def of(self, subject: str, **arguments: str) -> "Request":
        """Return the request addressed to one managed object, with the method's arguments."""
        return Request(
            self.wire, self.template, self.purpose, self.privilege, self.paths, self.slots, subject,
            tuple(arguments.items()), self.call,
        )  # fmt: skip


class Capture(Struct, frozen=True):
    """What came back, verbatim. A failure is an answer too and replays like one.

    `text` is standard output, or the XML as the server sent it; `taken_at` is UTC, ISO 8601.
    """

    request: Request
    text: str = ""
    stderr: str = ""
    exit_status: int = 0
    failure: Unknown | None = None
    taken_at: str = ""
    duration_ms: int = 0


class Origin(Struct, frozen=True):
    """Where and when a fact was read: one line of a host's `sources` table."""

    wire: str
    asked: str
    subject: str
    taken_at: str


class NotRead(Struct, frozen=True):
    """A question that was put and of whose answer no fact was made.

    `failure` is why nothing came back; empty where an answer came that nothing needed.
    """

    origin: Origin
    failure: str

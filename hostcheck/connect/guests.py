"""The smoke test in guests: which may be visited, and one visit by itself."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from hostcheck.connect.given import GuestAccess, OneGuest, Smoking
from hostcheck.connect.precedence import guest_user_of, settings_of, ssh_section
from hostcheck.connect.sessions import Live, Sessions, opened
from hostcheck.errors import UsageError
from hostcheck.front import Front
from hostcheck.model.capture import Capture
from hostcheck.parsers.smoke_sparse24 import REQUEST
from hostcheck.secrets import SecretPlace, password_of, password_or_none, refuse_in_user
from hostcheck.settings import SettingsFile
from hostcheck.smoke import build
from hostcheck.ways.guest import steps
from hostcheck.ways.guest.delivery import SmokePlan, deliver, here
from hostcheck.ways.guest.outside import GuestsFromOutside
from hostcheck.ways.guest.over_ssh import SshGuest
from hostcheck.ways.guest.over_vsphere import GuestLogin, GuestTransport, NamedGuests
from hostcheck.ways.guest.way import WAY
from hostcheck.ways.shell.opening import reached
from hostcheck.ways.shell.transport import SshTransport
from hostcheck.ways.vsphere.vms import named, one_vm


@dataclass(frozen=True)
class Visits:
    """The smoke test as an audit was told to do it."""

    given: Smoking
    settings: SettingsFile
    front: Front
    names: tuple[str, ...]
    attribute: str
    knocks: bool = False
    """Whether guests are looked at from outside and not visited."""

    def add_to(self, live: Live, sessions: Sessions) -> None:
        """Find the guests, and let the source visit them."""
        program = b"" if self.knocks else _program(self.front).read_bytes()
        login = guest_login_of(self.given, self.settings, self.front)
        told = {one.vcenter for one in live.machines()}
        heard = {name: session for name, session in sessions.items() if name in told}
        plan, left = SmokePlan(self.settings.smoke.limit), left_behind(self.front)
        for name, ids in named(heard, live.vms(), self.names, self.attribute).items():
            visits = GuestTransport(sessions[name], login, program, plan, left)
            outside = GuestsFromOutside(sessions[name])
            named_guests = NamedGuests(outside if self.knocks else visits, ids)
            live.part(name).use(WAY.name, named_guests, named_guests.close)


def _program(front: Front) -> Path:
    """Return the program that guests are brought."""
    cache = Path(front.variable("XDG_CACHE_HOME") or Path.home() / ".cache")
    return build.ready(cache / "hostcheck" / "smoke", front.tell)


def left_behind(front: Front) -> Callable[[str], None]:
    """Return what tells of something that a visit could not undo."""
    return lambda sentence: front.tell(f"not undone in a guest: {sentence}")


def smoked(given: OneGuest, front: Front) -> tuple[Capture, str]:
    """Run the program where it is wanted; return what it said, and where that was."""
    if given.guest and given.over_ssh:
        raise UsageError("--guest goes over VMware Tools and --ssh over SSH: give one of them")
    settings = settings_of(given)
    plan = SmokePlan(given.limit or settings.smoke.limit, given.device, given.quick)
    program = _program(front)
    if given.over_ssh:
        user, at, name = given.over_ssh.rpartition("@")
        if not name or (at and not user):
            raise UsageError("--ssh: give GUEST or USER@GUEST")
        refuse_in_user(user, "--ssh")
        guest = SshGuest(guest_shell_of(given, settings, front, name, user, plan))
        said = deliver(guest, program.read_bytes(), plan, REQUEST, left_behind(front))
        return said, f"in guest {name} over SSH"
    if not given.guest:
        return here(program, plan, REQUEST), "on this machine"
    source, sessions = opened(given, settings, front, hosts=given.hosts, writes=steps.METHODS)
    try:
        vm = one_vm(source.vms_called(given.guest), given.guest)
        login = guest_login_of(given, settings, front)
        session = sessions[vm.host.vcenter]
        visits = GuestTransport(session, login, program.read_bytes(), plan, left_behind(front))
        return visits.fetch(REQUEST.of(vm.id)), f"in guest {vm.name} over VMware Tools"
    finally:
        source.close()


def guest_shell_of(
    given: OneGuest, settings: SettingsFile, front: Front, name: str, user: str, plan: SmokePlan
) -> Callable[[], SshTransport]:
    """Return what opens the shell of a guest, which is never offered the hosts' password."""
    patience = float(plan.patience)
    place = _guest_place(given, user)
    password = password_or_none(place, "SSH password", front, ask=given.ask_ssh_password)
    times = (patience, 3 * patience)
    section = ssh_section(settings)
    return partial(reached(given, section, front, user, times, steps.may_run, password).open, name)


def guest_login_of(given: GuestAccess, settings: SettingsFile, front: Front) -> GuestLogin:
    """Return user and password in guests; it is asked for before anything runs."""
    user = guest_user_of(given.guest_user, settings, front)
    known = front.variable("HOSTCHECK_GUEST_PASSWORD")
    place = _guest_place(given, user)
    password = password_of(place, f"Password of {user} in the guest", front, known)
    password()
    return GuestLogin(user, password)


def _guest_place(given: GuestAccess, user: str) -> SecretPlace:
    return SecretPlace(
        f"guest:{user}", "HOSTCHECK_GUEST_PASSWORD", "--guest-password-file",
        given.guest_password_file,
    )  # fmt: skip

"""With what a machine was asked: as whom, whom we believed to be talking to, by which options."""

from msgspec import Struct


class Login(Struct, frozen=True, omit_defaults=True):
    """One login that was open while a machine was asked. No password is ever in it."""

    way: str
    """`vsphere`, `shell`, `redfish`: the name of the way."""
    account: str
    trust: str
    """What says that the other side is the right one, in words."""
    shown: str = ""
    """SHA-256 of the certificate or host key that it showed."""
    by: str = ""
    """What opened it, `password` or `key`, where that is known; `refused` where nothing did."""


class Seal(Struct, frozen=True):
    """How the answers of one machine were taken; it goes with them wherever they go."""

    options: tuple[str, ...] = ()
    """The words of the command line that say what is asked and how, without files and secrets."""
    logins: tuple[Login, ...] = ()


NO_SEAL = Seal()
"""Of answers that were taken before there was one, or on the host itself."""

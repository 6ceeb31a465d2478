"""Which vGPU profiles hosts offer, beside what the catalogue and their drivers know."""

from collections.abc import Iterable

from hostcheck.checks.engine import attempt
from hostcheck.checks.kinds import model_of, types_are_told
from hostcheck.model.fact import Unknown
from hostcheck.model.host import Host
from hostcheck.model.profiles import ProfileRow, Profiles
from hostcheck.model.requirements import GpuModel, Requirements, VgpuProfile, bare
from hostcheck.near import near
from hostcheck.words import count, printable

SHOWN = 8


def profiles(hosts: Iterable[Host], needs: Requirements) -> Profiles:
    """List the types of every kind of GPU that the hosts have; hosts are walked over once."""
    models: dict[str, GpuModel] = {}
    offers: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    untold: list[tuple[str, str]] = []
    count = 0
    for host in hosts:
        count += 1
        untold += _look(host, needs, models)
        if isinstance(host.profiles_offered, Unknown):
            untold.append(
                (host.name, f"what it offers is not known: {host.profiles_offered.detail}")
            )
            continue
        for name in host.profiles_offered.value:
            offers.setdefault(bare(name), []).append(host.name)
            names.setdefault(bare(name), name)
    rows = [
        _row(one, model, needs, offers, names)
        for model in sorted(models.values(), key=lambda model: model.name)
        for one in model.profiles
    ]
    listed = {bare(row.name) for row in rows}
    strays = [name for key, name in names.items() if key not in listed]
    untold += [("", f"{name} is offered, and of no GPU that is known") for name in sorted(strays)]
    told = tuple((printable(where), printable(why)) for where, why in untold)
    return Profiles(needs.edition, count, tuple(rows), told)


def _look(host: Host, needs: Requirements, models: dict[str, GpuModel]) -> list[tuple[str, str]]:
    """Note what GPUs a host has; return what is not known of them."""
    if isinstance(host.gpus, Unknown):
        return [(host.name, f"its GPUs are not known: {host.gpus.detail}")]
    untold = []
    for gpu in host.gpus.value:
        model = attempt(lambda known, gpu=gpu: model_of(gpu, needs, known))  # type: ignore[misc]
        if isinstance(model, Unknown) or not types_are_told(gpu):
            why = model.detail if isinstance(model, Unknown) else "no source tells its types"
            untold.append((host.name, f"GPU {gpu.address} {gpu.name}: {why}"))
        elif model.key not in models or len(model.profiles) > len(models[model.key].profiles):
            models[model.key] = model
    return untold


def _row(
    one: VgpuProfile,
    model: GpuModel,
    needs: Requirements,
    offers: dict[str, list[str]],
    names: dict[str, str],
) -> ProfileRow:
    key = bare(spelled(one, model))
    listed = needs.models.get(model.key)
    return ProfileRow(
        printable(names.get(key, spelled(one, model))),
        printable(model.name),
        one.series,
        one.framebuffer_mib,
        one.mig,
        one.max_per_gpu if one.verified else 0,
        "catalogue" if listed and listed.profile(one.name) else "host",
        tuple(sorted(set(map(printable, offers.get(key, ()))))),
    )


def spelled(one: VgpuProfile, model: GpuModel) -> str:
    """Return a type as vSphere would write it: the board's last prefix, then what follows it."""
    if model.spells(one.name):
        return model.profile_prefixes[-1].partition("_")[0] + "_" + bare(one.name)
    return model.profile_prefixes[-1] + bare(one.name).partition("-")[2]


class Spelling:
    """Whether a profile that somebody typed exists, by what each host offers and the catalogue.

    `short`: it may lack the vendor's prefix, as nvidia-smi and the catalogue write it.
    """

    def __init__(self, profile: str, needs: Requirements, *, short: bool = False) -> None:
        self.typed, self._needs, self._short = profile, needs, short
        self._offered: dict[str, str] = {}
        self._silent = 0

    def see(self, host: Host) -> None:
        """Note what a host offers, if it tells."""
        if isinstance(host.profiles_offered, Unknown):
            self._silent += 1
        else:
            self._offered |= {one.lower(): printable(one) for one in host.profiles_offered.value}

    @property
    def wrong(self) -> str:
        """What is wrong with the name; empty where nothing is, or that cannot be told.

        That is so where a host does not tell what it offers, or none offers anything.
        """
        if self._silent or not self._offered or self._exists():
            return ""
        return f"no host offers {self._told()}"

    @property
    def doubt(self) -> str:
        """What a reader should know of a name that is not listed, and of which no more is known."""
        if self.wrong or self._exists():
            return ""
        if not self._silent:
            return f"No host offers a profile now: {self._told()}"
        silent = count(self._silent, "host does", "hosts do")
        return f"{silent} not tell what they offer, and no other one offers {self._told()}"

    def _exists(self) -> bool:
        typed = self.typed.lower()
        listed = (
            one.profile(typed)
            for one in self._needs.models.values()
            if self._short or typed.startswith(one.profile_prefixes)
        )
        if typed in self._offered or any(listed):
            return True
        return self._short and bare(typed) in map(bare, self._offered)

    def _told(self) -> str:
        names = sorted(self._offered)
        alike = like(self.typed, names) or like(self.typed, every_name(self._needs))
        told = f"{self.typed!r}, and the catalogue does not list it"
        if alike:
            told += f"; did you mean {', '.join(self._offered.get(one, one) for one in alike)}?"
            board = alike[0].partition("-")[0]
            names = [one for one in names if one.partition("-")[0] == board] or names
        if not names:
            return told
        shown = ", ".join(self._offered[one] for one in names[:SHOWN])
        return (
            f"{told}{'' if alike else '.'} Offered: {shown}{', ...' if len(names) > SHOWN else '.'}"
        )


def like(typed: str, names: Iterable[str]) -> list[str]:
    """Return the profiles that are nearest, whatever vendor words stand before them."""
    short = {bare(one): one for one in names}
    return near(typed, short.values()) or [short[one] for one in near(bare(typed), short)]


def every_name(needs: Requirements) -> list[str]:
    """Return the name of every type in the catalogue, as vSphere would write it."""
    models = needs.models.values()
    return sorted({spelled(one, model) for model in models for one in model.profiles})

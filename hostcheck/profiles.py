"""Which vGPU profiles hosts offer, beside what the catalogue and their drivers know."""

from collections.abc import Iterable
from difflib import get_close_matches

from hostcheck.checks.engine import attempt
from hostcheck.checks.kinds import model_of, types_are_told
from hostcheck.model.fact import Unknown
from hostcheck.model.host import Host
from hostcheck.model.profiles import ProfileRow, Profiles
from hostcheck.model.requirements import GpuModel, Requirements, VgpuProfile, bare
from hostcheck.words import printable

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


def misspelt(profile: str, hosts: Iterable[Host], needs: Requirements) -> str:
    """Say what is wrong with a name that no host offers and the catalogue does not list.

    Empty where one does, and where no host tells what it offers: then nothing is known against it.
    """
    name, models = profile.lower(), needs.models.values()
    if any(name.startswith(one.profile_prefixes) and one.profile(name) for one in models):
        return ""
    offered: set[str] = set()
    for host in hosts:
        if isinstance(host.profiles_offered, Unknown):
            return ""
        offered.update(map(printable, host.profiles_offered.value))
    if not offered or profile.lower() in offered:
        return ""
    near = get_close_matches(profile.lower(), sorted(offered), n=1) or get_close_matches(
        profile.lower(), every_name(needs), n=1
    )
    guess = f"; did you mean {near[0]}?" if near else ""
    shown = ", ".join(sorted(offered)[:SHOWN]) + (", ..." if len(offered) > SHOWN else "")
    return f"no host offers {profile!r} and the catalogue does not list it{guess} Offered: {shown}"


def every_name(needs: Requirements) -> list[str]:
    """Return the name of every type in the catalogue, as vSphere would write it."""
    models = needs.models.values()
    return sorted({spelled(one, model) for model in models for one in model.profiles})

"""A policy in a cluster: what it makes of each check, who says so, and the checks to judge by."""

from collections.abc import Collection
from functools import lru_cache
from typing import Any

from msgspec.structs import replace

from hostcheck.checks.engine import By, Check, all_checks
from hostcheck.model.fact import Fact, Known
from hostcheck.model.policy import (
    EVERY,
    SCHEMA,
    CheckSetting,
    Policy,
    Rule,
    Settings,
    SettledValue,
    Wish,
)
from hostcheck.model.result import Severity
from hostcheck.ways.vsphere.inventory import matches

GRAVER = tuple(Severity)
"""The gravest first."""
MANY = 512
"""Clusters whose checks are kept."""


def checks_for(
    policy: Policy | None, cluster: Fact[str], *, starting: bool = False
) -> tuple[Check[Any], ...]:
    """Return the checks that a host of a cluster is judged by.

    Where the cluster is not known the rules of clusters only ever add: losing sight of it makes no
    result better. With `starting`, a power-on is the question, and nothing that decides it is off
    or weighs less.
    """
    if policy is None:
        return all_checks()
    return _checks(policy, cluster.value if isinstance(cluster, Known) else None, starting)


@lru_cache(MANY)
def _checks(policy: Policy, cluster: str | None, starting: bool) -> tuple[Check[Any], ...]:
    return tuple(_made(policy, one, cluster, starting=starting) for one in all_checks())


def _made(policy: Policy, check: Check[Any], cluster: str | None, *, starting: bool) -> Check[Any]:
    told = setting(policy, check, cluster)
    off, severity = not told.selected.value, told.severity.value
    if starting and check.decides:
        off, severity = False, min(severity, check.severity, key=GRAVER.index)
    own = _own(check)
    wishes = tuple(
        Wish(name, one.value) for name, one in told.expect.items() if one.value != own[name]
    )
    if not off and severity is check.severity and not wishes and not told.moot:
        return check
    by = By(
        policy=policy.name,
        wishes=wishes,
        off=_why(f"off by policy {policy.name}", told.selected) if off else "",
        weighed=""
        if severity is check.severity
        else _why(f"{severity.value}, not {check.severity.value}, by policy {policy.name}",
                  told.severity),
        moot=f"its cluster is not known, and policy {policy.name} has {', '.join(told.moot)} "
        "otherwise in some"
        if told.moot
        else "",
    )  # fmt: skip
    return replace(check, manual=replace(check.manual, severity=severity), by=by)


def _why(told: str, by: SettledValue) -> str:
    return f"{told} ({by.where})" + (f": {by.reason}" if by.reason else "")


def _own(check: Check[Any]) -> dict[str, Any]:
    return {one.name: one.default for one in check.expects}


def setting(policy: Policy | None, check: Check[Any], cluster: str | None) -> CheckSetting:
    """Return what a policy makes of a check in a cluster; None is one that is not known."""
    selected, severity = SettledValue(value=True), SettledValue(check.severity)
    expect = {name: SettledValue(value) for name, value in _own(check).items()}
    moot: dict[str, None] = {}
    for rule in policy.rules if policy is not None else ():
        if check.id not in rule.checks:
            continue
        sure = rule.cluster == EVERY or (cluster is not None and matches(cluster, (rule.cluster,)))
        if not sure and cluster is not None:
            continue
        if rule.selected is not None and (sure or rule.selected):
            selected = _by(rule, value=rule.selected)
        if rule.severity is not None and (sure or _is_graver(rule.severity, severity.value)):
            severity = _by(rule, value=rule.severity)
        for wish in rule.expect:
            if sure:
                expect[wish.name] = _by(rule, value=wish.value)
                moot.pop(wish.name, None)
            elif wish.value != expect[wish.name].value:
                moot[wish.name] = None
    return CheckSetting(
        check.id, check.manual.title, check.decides, check.severity, selected, severity, expect,
        tuple(moot),
    )  # fmt: skip


def _by(rule: Rule, *, value: Any) -> SettledValue:
    return SettledValue(value, rule.where, rule.reason)


def _is_graver(one: Severity, than: Severity) -> bool:
    return GRAVER.index(one) < GRAVER.index(than)


def settings(policy: Policy | None, cluster: str) -> Settings:
    """Return what holds of every check in a cluster, and what says so."""
    told = policy or Policy("none")
    return Settings(
        SCHEMA, told.name, told.file, told.about, told.extends, told.sha256, cluster,
        tuple(setting(policy, one, cluster) for one in all_checks()),
    )  # fmt: skip


def less(policy: Policy) -> dict[str, list[str]]:
    """Return the checks that decide a power-on and that it has off, or weighing less, anywhere.

    By what is made of them: `off`, `recommended`, `informational`.
    """
    found: dict[str, list[str]] = {}
    for check in all_checks():
        for rule in policy.rules if check.decides else ():
            if check.id not in rule.checks:
                continue
            if rule.selected is False:
                found.setdefault("off", []).append(check.id)
            elif rule.severity is not None and _is_graver(check.severity, rule.severity):
                found.setdefault(rule.severity.value, []).append(check.id)
    return {word: list(dict.fromkeys(ids)) for word, ids in found.items()}


def sentence(policy: Policy) -> str:
    """Say what a policy does to what decides a power-on; empty where nothing."""
    parts = [
        f"{', '.join(ids)} {'is' if len(ids) == 1 else 'are'} {word}"
        for word, ids in less(policy).items()
    ]
    if not parts:
        return ""
    return (
        f"By policy {policy.called} {'; '.join(parts)}, though a power-on depends on it: a GO of "
        "this audit does not speak of that. A preflight judges it all the same."
    )


UNMET = "no host of this run is in a cluster that is like"


def unmet(policy: Policy, clusters: Collection[str], *, unplaced: int) -> tuple[str, ...]:
    """Say which patterns of clusters met no host; so many hosts are in a cluster not known."""
    patterns: dict[str, list[str]] = {}
    for rule in policy.rules:
        if rule.cluster != EVERY and not any(matches(one, (rule.cluster,)) for one in clusters):
            patterns.setdefault(rule.cluster, []).append(rule.where)
    more = f"; of {unplaced} the cluster is not known" if unplaced else ""
    return tuple(
        f"Policy {policy.name}: {UNMET} {pattern!r} ({', '.join(where[:3])}){more}."
        for pattern, where in patterns.items()
    )

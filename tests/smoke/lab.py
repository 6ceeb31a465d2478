"""What the tests of the smoke test share: the stand-in program, guests, and how they are called."""

import os
from dataclasses import replace
from pathlib import Path

from tests.peers import shapes
from tests.peers.fleet import Fleet, Guest, HostShape, PassedDevice, Vm

STAND_IN = Path(__file__).with_name("stand_in")
"""Source of a program that stands in for the smoke test's where that is not at issue."""
NO_SUM = "/usr/bin/sha256sum"
HOST = shapes.HEALTHY.hosts[0]
FIRST_GPU, SECOND_GPU = (gpu.address for gpu in HOST.gpus)


def guest(behaves: str = "pass", **more: object) -> Guest:
    """A guest whose program behaves as STAND_IN says."""
    return Guest(environment=(f"STAND_IN={behaves}",), **more)  # type: ignore[arg-type]


def plain(name: str, inside: Guest | None, **more: object) -> Vm:
    """A VM without a GPU: guest operations do not care."""
    return Vm(
        name, vcpus=2, cores_per_socket=2, reservation_mb=0, locked=False, guest=inside, **more
    )  # type: ignore[arg-type]


TROUBLES = Fleet(
    (
        replace(
            HOST,
            vms=(
                *(plain(word, guest(word)) for word in
                  ("pass", "fail", "slow", "not_applicable", "no_device", "error", "timeout",
                   "hang", "silent", "cut", "liar")),
                plain("no-tools", guest(tools=False)),
                plain("no-answer", None),
                plain("off", guest(), on=False),
                plain("windows", guest(family="windowsGuest")),
                plain("no-sum", guest(missing=(NO_SUM,))),
                plain("corrupt", guest(trouble="corrupt")),
                plain("vanish", guest("hang", trouble="forget")),
                plain("deaf", guest("hang", trouble="deaf")),
                plain("keep", guest(trouble="keep")),
                plain("cut-file", guest(trouble="cut")),
                plain("refuse-file", guest(trouble="refuse")),
            ),
        ),
    ),
    (shapes.CLUSTER,),
)  # fmt: skip
"""One VM for each way in which a guest can disappoint."""


def target(vcenter):
    """Options that lead to a vCenter, its user, and the guests' user."""
    return ["--vcenter", f"{vcenter.host}:{vcenter.port}", "--user", vcenter.user,
            "--tls-ca", str(vcenter.ca_file), "--guest-user", "tester"]  # fmt: skip


def secrets(vcenter):
    """Environment that holds the passwords."""
    return {"GOVC_PASSWORD": vcenter.password, "HOSTCHECK_GUEST_PASSWORD": Guest().password,
            "PATH": os.environ["PATH"]}  # fmt: skip


def _on(number: int, *vms: Vm, kind: str = "2n-2xA100-80-esxi803") -> HostShape:
    return replace(shapes.HOSTS[kind], **shapes.at(number), vms=vms)


def _sliced(name: str, profile: str, gpu: str, inside: Guest | None, **more: object) -> Vm:
    return Vm(
        name, profiles=(profile,), gpus=(gpu,) if more.get("on", True) else (), guest=inside, **more
    )  # type: ignore[arg-type]


def _whole(name: str, gpu: str, inside: Guest | None) -> Vm:
    return Vm(name, passed=(PassedDevice("static", gpu),), gpus=(gpu,), guest=inside)


MIG_GPU, OTHER_GPU = (gpu.address for gpu in shapes.HOSTS["2n-8xH100-mig-mixed-esxi803"].gpus[:2])
T4 = shapes.HOSTS["1n-1xT4-esxi703"].gpus[0].address
YES, NO = (("smoke", "Yes"),), (("smoke", "no"),)
AUDITED = Fleet(
    (
        _on(31,
            _sliced("shared", "grid_a100d-40c", FIRST_GPU, guest("slow"), attributes=YES),
            _sliced("unnamed", "grid_a100d-40c", FIRST_GPU, guest("fail")),
            _sliced("broken", "grid_a100d-80c", SECOND_GPU, guest("fail"), attributes=YES)),
        _on(32,
            _sliced("asleep", "grid_a100d-40c", FIRST_GPU, guest(), on=False),
            _sliced("whole", "grid_a100d-80c", SECOND_GPU, guest("slow"), attributes=NO)),
        _on(33, _sliced("old", "grid_t4-4c", T4, guest()), kind="1n-1xT4-esxi703"),
        _on(34,
            _sliced("slice", "nvidia_h100xm-3-40c", MIG_GPU, guest("pass")),
            kind="2n-8xH100-mig-mixed-esxi803"),
        _on(35, _whole("direct", FIRST_GPU, guest("pass"))),
    ),
    (shapes.CLUSTER,),
)  # fmt: skip
"""Hosts for an audit: shared, whole, broken, asleep, too old, and a MIG slice."""


def hanging(count: int) -> Fleet:
    """So many hosts, each with one guest whose program hangs."""
    hosts = (
        _on(40 + at, _sliced(f"hangs-{at}", "grid_a100d-80c", FIRST_GPU, guest("hang")))
        for at in range(count)
    )
    return Fleet(tuple(hosts), (shapes.CLUSTER,))

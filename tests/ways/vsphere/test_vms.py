"""Which VM a word means: by name, id, UUID or inventory path, asked of the simulator."""

import pytest

from hostcheck.errors import UsageError
from hostcheck.model.capture import Capture
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.host_ref import HostRef, VmRef
from hostcheck.parsers import vim_listing
from hostcheck.ways.vsphere import inventory, vms

HERE = HostRef("esx-1", "vc", "host-1")


@pytest.fixture
def session(vcenter, log_in):
    return log_in(vcenter)


def found(session, given):
    there = inventory.inventory(session, "vc")
    named = vms.vms_called(session, given, there.vms_of(there.hosts))
    return [(one.name, one.host.name) for one in named]


INFER = [("infer-01", "esx-01.lab.test")]


@pytest.mark.parametrize(
    "path",
    ["/lab/vm/infer-01", "lab/vm/infer-01", "lab/infer-01", "vm/infer-01", "/lab/infer-01/"],
)
def test_a_vm_goes_by_its_inventory_path_or_the_end_of_it(session, path):
    assert found(session, path) == INFER


@pytest.mark.parametrize("path", ["lab/vm/infer-0", "lab/host/infer-01", "ab/infer-01", "lab/vm/"])
def test_a_path_ends_at_whole_names(session, path):
    assert found(session, path) == []


def test_a_vm_goes_by_its_name_its_id_and_its_uuid(session, vcenter):
    moref = vcenter.ids.vms["infer-01"]
    uuid = f"42000000-0000-4000-8000-{int(moref.split('-')[1]):012x}"
    for given in ("infer-01", moref, uuid, uuid.upper()):
        assert found(session, given) == INFER
    assert found(session, "Infer-01") == []
    assert found(session, "42000000-0000-4000-8000-ffffffffffff") == []


class Lists:
    """Answers listings with texts, and counts what was asked."""

    def __init__(self, **texts):
        self.texts = texts
        self.asked = []

    def fetch(self, request):
        self.asked.append(request)
        told = self.texts.get(
            "places" if request == vim_listing.VM_PLACES else request.template, "<listing/>"
        )
        if isinstance(told, Unknown):
            return Capture(request, failure=told)
        return Capture(request, told)


def objects(*told):
    inside = "".join(
        f'<objects><obj type="{kind}">{key}</obj>'
        + "".join(f"<propSet><name>{name}</name><val>{value}</val></propSet>"
                  for name, value in values.items())
        + "</objects>"
        for kind, key, values in told
    )  # fmt: skip
    return f"<listing>{inside}</listing>"


def nested(name="a%2fb", **places):
    return Lists(
        VirtualMachine=objects(
            ("VirtualMachine", "vm-1", {"name": name, "runtime.host": "host-1"})
        ),
        places=objects(("VirtualMachine", "vm-1", {"parent": "group-v3", **places})),
        Folder=objects(
            ("Folder", "group-d1", {"name": "Datacenters"}),
            ("Folder", "group-v2", {"name": "vm", "parent": "datacenter-1"}),
            ("Folder", "group-v3", {"name": "gpu%2fold", "parent": "group-v2"}),
        ),
        Datacenter=objects(("Datacenter", "datacenter-1", {"name": "dc", "parent": "group-d1"})),
    )


ONE = [VmRef(HERE, "vm-1", "a%2fb")]


@pytest.mark.parametrize("given", ["a%2fb", "a/b"])
def test_a_name_with_a_slash_is_no_path(given):
    wire = nested()
    assert vms.vms_called(wire, given, ONE) == ONE
    assert wire.asked == []


@pytest.mark.parametrize("given", ["dc/vm/gpu/old/a/b", "dc/gpu/old/a/b", "old/a/b"])
def test_names_in_a_path_are_as_clients_show_them(given):
    assert vms.vms_called(nested(), given, ONE) == ONE


def test_folders_in_a_circle_end():
    wire = nested()
    wire.texts["Folder"] = objects(
        ("Folder", "group-v3", {"name": "x", "parent": "group-v4"}),
        ("Folder", "group-v4", {"name": "y", "parent": "group-v3"}),
    )
    assert vms.vms_called(wire, "y/x/a/b", ONE) == ONE


def test_a_path_without_the_privilege_to_see_folders_is_said():
    wire = nested()
    wire.texts["Folder"] = Unknown(Why.DENIED, "NoPermission", "Folder", "System.View")
    with pytest.raises(UsageError, match=r"NoPermission; name the VM by its name or id"):
        vms.vms_called(wire, "dc/zzz", ONE)


def test_a_vm_elsewhere_is_not_meant():
    assert vms.vms_called(nested(), "a/b", []) == []


def test_of_two_vms_of_a_name_both_are_told():
    two = [VmRef(HERE, "vm-1", "x"), VmRef(HostRef("esx-2", "vc", "host-2"), "vm-2", "x")]
    with pytest.raises(UsageError, match="2 VMs are called 'x': vm-1 on esx-1, vm-2 on esx-2; "):
        vms.one_vm(two, "x")
    assert vms.one_vm(two[:1], "x") == two[0]


def test_what_no_vm_has_is_told_with_what_is_like_it():
    there = [VmRef(HERE, "vm-1", "infer-01")]
    told = str(vms.none_called("dc/vm/infer-1", there))
    assert told == "no VM is called 'dc/vm/infer-1'; did you mean infer-01?"
    uuid = "42000000-0000-4000-8000-000000000001"
    assert "no VM has the UUID" in str(vms.none_called(uuid, there))
    assert "hold no UUIDs" in str(vms.none_called(uuid, there, recorded=True))
    assert "hold no UUIDs" not in str(vms.none_called("infer-1", there, recorded=True))

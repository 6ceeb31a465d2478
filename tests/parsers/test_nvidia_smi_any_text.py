"""Whatever a host says, a parser yields facts or a ParseError with one line."""

import pkgutil
import re
from importlib import import_module

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import hostcheck.parsers
import hostcheck.parsers.unasked
from hostcheck.errors import ParseError
from hostcheck.model.capture import Request, Wire

MODULES = [
    import_module(f"{package.__name__}.{module.name}")
    for package in (hostcheck.parsers, hostcheck.parsers.unasked)
    for module in pkgutil.iter_modules(package.__path__)
    if module.name.startswith("nvidia_smi")
]
modules = pytest.mark.parametrize(
    "module", MODULES, ids=[module.__name__.rpartition(".")[2] for module in MODULES]
)

PIECES = [
    "<nvidia_smi_log>", "</nvidia_smi_log>", '<gpu id="00000000:3B:00.0">', "</gpu>", "<pci>",
    "</pci>", "<uuid>GPU-1</uuid>", "<ecc_mode>N/A</ecc_mode>", "<!ENTITY a 'b'>", "&a;", "\ud800",
    "GPU 00000000:3B:00.0", "GPU 99999999:3B:00.0", "    ", "        ", " : ", "Attached GPUs", "4",
    "ECC Mode", "Current", "Enabled", "N/A", "vGPU ID", "Active vGPUs", "vGPU Type ID", "0x22e",
    "| GPU instances:   |", "| Compute instances: |", "| GPU instance profiles: |", "|====|",
    "|   0  MIG 1g.5gb  19  7/7  4.95  No  14  0  0 |",
    "|   0  A40  On  | 00000000:3B:00.0 Off | 0 |",
    "| Processes:    |", "|  0  N/A N/A 7 C vm 3MiB |", "|", "|  |  |  |", "MiB / 3MiB", ",", ", ",
    "index, pci.bus_id", "index", "0, 00000000:3B:00.0", "+--+",
    "# gpu vgpu sm", "GPU0", "GPU1", " X ", "NV4",
    "No devices were found", "No MIG-enabled devices found.", "No supported devices in vGPU mode",
    "Unable to determine the device handle for GPU1: 0000:82:00.0: Unknown Error",
    "WARNING: infoROM is corrupted at gpu 0000:0B:00.0", "WARNING: infoROM is corrupted at gpu",
    "List of valid properties to query", '"uuid" or "gpu_uuid"', "GPU 0: A40 (UUID: GPU-1)",
    "  MIG 1g.5gb Device 0: (UUID: MIG-1)", "\x1b[4m", "\x00", "\u2028", "9" * 5000, "٣", "²",
]  # fmt: skip


def read(module, text):
    refusal = None
    try:
        return module.parse(text)
    except ParseError as error:
        refusal = str(error)
    assert re.fullmatch(r"nvidia-smi[^\r\n]+", refusal)
    return None


@modules
@given(text=st.text())
@settings(max_examples=150, deadline=None)
def test_arbitrary_text_is_refused(module, text):
    assume("No supported devices in vGPU mode" not in text)
    assert read(module, text) is None


@modules
@given(pieces=st.lists(st.one_of(st.sampled_from(PIECES), st.just("\n")), max_size=30))
@settings(max_examples=100, deadline=None)
def test_familiar_pieces_in_any_order_never_crash_a_parser(module, pieces):
    read(module, "".join(pieces))


@modules
@given(lines=st.lists(st.sampled_from(PIECES), max_size=20))
@settings(max_examples=100, deadline=None)
def test_familiar_lines_in_any_order_never_crash_a_parser(module, lines):
    read(module, "\n".join(lines))


@modules
def test_a_very_deep_answer_is_no_problem(module):
    depth = 20_000
    read(module, "<nvidia_smi_log>" + "<a>" * depth + "</a>" * depth + "</nvidia_smi_log>")
    read(module, "\n".join(" " * indent + "GPU : 1" for indent in range(1500)))


@modules
def test_a_driver_that_is_not_loaded_is_told_in_the_tools_own_words(module):
    sentence = (
        "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. "
        "Make sure that the latest NVIDIA driver is installed and running."
    )
    with pytest.raises(ParseError) as caught:
        module.parse(f"\n{sentence}\n\n")
    assert sentence in str(caught.value)


@modules
def test_every_request_is_one_shell_command_without_slots(module):
    request = module.REQUEST
    assert isinstance(request, Request)
    assert request.wire == Wire.SHELL
    assert request.template.split()[0] == "nvidia-smi"
    assert "{" not in request.template
    assert request.purpose
    assert module.__doc__.startswith("`nvidia-smi")


def test_requests_are_different_questions():
    keys = [module.REQUEST.key for module in MODULES]
    assert len(set(keys)) == len(keys) == 16

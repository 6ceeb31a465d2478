"""`nvidia-smi -q` as XML and as text: the same facts, and what is said instead of a fact."""

import pytest

from hostcheck.errors import ParseError
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.host import Mode, PcieLink
from hostcheck.model.pci import PciId
from hostcheck.parsers import nvidia_smi_q, nvidia_smi_q_x

MIB = 1 << 20

TEXT = """\
==============NVSMI LOG==============

Driver Version                            : 550.90.05
Attached GPUs                             : 2
GPU 00000000:3B:00.0
    Product Name                          : NVIDIA A40
    Product Architecture                  : Ampere
    Display Mode                          : Disabled
    vGPU Device Capability
        Heterogeneous Time-Slice Profiles : Supported
        Heterogeneous Time-Slice Sizes    : Supported
    MIG Mode
        Current                           : N/A
        Pending                           : N/A
    Accounting Mode                       : Enabled
    GPU UUID                              : GPU-1b2c3d4e-0000-4000-8000-00000000000a
    GPU Virtualization Mode
        Virtualization Mode               : Host VGPU
        Host VGPU Mode                    : SR-IOV
        vGPU Heterogeneous Mode           : Disabled
    PCI
        Device Id                         : 0x223510DE
        Bus Id                            : 00000000:3B:00.0
        Sub System Id                     : 0x145A10DE
        GPU Link Info
            PCIe Generation
                Max                       : 4
                Current                   : 1
            Link Width
                Max                       : 16x
                Current                   : 8x
    FB Memory Usage
        Total                             : 46068 MiB
        Used                              : 16384 MiB
    BAR1 Memory Usage
        Total                             : 65536 MiB
    ECC Mode
        Current                           : Enabled
        Pending                           : Disabled
    ECC Errors
        Volatile
            SRAM Uncorrectable Parity     : 1
            SRAM Uncorrectable SEC-DED    : 2
            DRAM Uncorrectable            : 4
        Aggregate
            SRAM Uncorrectable            : 10
            DRAM Uncorrectable            : 20
    Retired Pages
        Single Bit ECC                    : N/A
        Pending Page Blacklist            : N/A
    Remapped Rows
        Correctable Error                 : 1
        Uncorrectable Error               : 3
        Pending                           : Yes
        Remapping Failure Occurred        : No
    GPU Recovery Action                   : Reset
GPU 00000000:86:00.0
    Product Name                          : NVIDIA A40
    ECC Mode
        Current                           : Unknown Error
        Pending                           : GPU is lost
"""

XML = """\
<?xml version="1.0" ?>
<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v12.dtd">
<nvidia_smi_log>
  <driver_version>550.90.05</driver_version>
  <attached_gpus>2</attached_gpus>
  <gpu id="00000000:3B:00.0">
    <product_name>NVIDIA A40</product_name>
    <product_architecture>Ampere</product_architecture>
    <display_mode>Disabled</display_mode>
    <vgpu_device_capability>
      <heterogeneous_timeSlice_profile>Supported</heterogeneous_timeSlice_profile>
      <heterogeneous_timeSlice_sizes>Supported</heterogeneous_timeSlice_sizes>
    </vgpu_device_capability>
    <mig_mode><current_mig>N/A</current_mig><pending_mig>N/A</pending_mig></mig_mode>
    <mig_devices>None</mig_devices>
    <uuid>GPU-1b2c3d4e-0000-4000-8000-00000000000a</uuid>
    <gpu_virtualization_mode>
      <virtualization_mode>Host VGPU</virtualization_mode>
      <host_vgpu_mode>SR-IOV</host_vgpu_mode>
      <vgpu_heterogeneous_mode>Disabled</vgpu_heterogeneous_mode>
    </gpu_virtualization_mode>
    <pci>
      <pci_device_id>223510DE</pci_device_id>
      <pci_bus_id>00000000:3B:00.0</pci_bus_id>
      <pci_sub_system_id>145A10DE</pci_sub_system_id>
      <pci_gpu_link_info>
        <pcie_gen><max_link_gen>4</max_link_gen><current_link_gen>1</current_link_gen></pcie_gen>
        <link_widths>
          <max_link_width>16x</max_link_width><current_link_width>8x</current_link_width>
        </link_widths>
      </pci_gpu_link_info>
    </pci>
    <fb_memory_usage><total>46068 MiB</total><used>16384 MiB</used></fb_memory_usage>
    <bar1_memory_usage><total>65536 MiB</total></bar1_memory_usage>
    <ecc_mode><current_ecc>Enabled</current_ecc><pending_ecc>Disabled</pending_ecc></ecc_mode>
    <ecc_errors>
      <volatile>
        <sram_uncorrectable_parity>1</sram_uncorrectable_parity>
        <sram_uncorrectable_secded>2</sram_uncorrectable_secded>
        <dram_uncorrectable>4</dram_uncorrectable>
      </volatile>
      <aggregate>
        <sram_uncorrectable>10</sram_uncorrectable>
        <dram_uncorrectable>20</dram_uncorrectable>
      </aggregate>
    </ecc_errors>
    <retired_pages>
      <multiple_single_bit_retirement>
        <retired_count>N/A</retired_count>
      </multiple_single_bit_retirement>
      <pending_blacklist>N/A</pending_blacklist>
    </retired_pages>
    <remapped_rows>
      <remapped_row_corr>1</remapped_row_corr>
      <remapped_row_unc>3</remapped_row_unc>
      <remapped_row_pending>Yes</remapped_row_pending>
      <remapped_row_failure>No</remapped_row_failure>
    </remapped_rows>
    <gpu_recovery_action>Reset</gpu_recovery_action>
    <element_of_a_later_driver><deep/></element_of_a_later_driver>
  </gpu>
  <gpu id="00000000:86:00.0">
    <product_name>NVIDIA A40</product_name>
    <ecc_mode>
      <current_ecc>Unknown Error</current_ecc><pending_ecc>GPU is lost</pending_ecc>
    </ecc_mode>
  </gpu>
</nvidia_smi_log>
"""

LOST = "Unable to determine the device handle for GPU1: 0000:82:00.0: Unknown Error\n"
CORRUPTED = "WARNING: infoROM is corrupted at gpu 0000:0B:00.0\n"
NOT_LOADED = (
    "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. "
    "Make sure that the latest NVIDIA driver is installed and running."
)

both = pytest.mark.parametrize(
    ("parse", "answer"), [(nvidia_smi_q.parse, TEXT), (nvidia_smi_q_x.parse, XML)], ids=["q", "q_x"]
)
SICK = "0000:86:00.0"
"""Of the second GPU of the answers, whose pending ECC mode says "GPU is lost"."""
parsers = pytest.mark.parametrize(
    "parse", [nvidia_smi_q.parse, nvidia_smi_q_x.parse], ids=["q", "q_x"]
)


def gpu_of(body):
    """The one GPU of a text log with these lines."""
    return nvidia_smi_q.parse(f"GPU 00000000:3B:00.0\n    Product Name : A40\n{body}").gpus[0]


@both
def test_every_fact_of_a_vgpu_host(parse, answer):
    log = parse(answer)
    assert (log.driver_version, log.attached_gpus) == ("550.90.05", 2)
    assert (log.lost, log.inforom_corrupted) == ((SICK,), ())
    gpu = log.gpus[0]
    assert gpu.address == "0000:3b:00.0"
    assert gpu.pci_id == PciId(0x10DE, 0x2235, 0x10DE, 0x145A)
    assert gpu.name == "NVIDIA A40"
    assert gpu.display_mode == "Disabled"
    assert (gpu.heterogeneous_profiles, gpu.heterogeneous_sizes) == (True, True)
    assert gpu.vgpu_heterogeneous_mode is Mode.DISABLED
    assert (gpu.virtualization_mode, gpu.host_vgpu_mode) == ("Host VGPU", "SR-IOV")
    assert gpu.link == PcieLink(1, 4, 8, 16)
    assert gpu.framebuffer_total_bytes == 46068 * MIB
    assert gpu.framebuffer_used_bytes == 16384 * MIB
    assert gpu.bar1_total_bytes == 65536 * MIB
    assert gpu.mig_device_count == 0
    assert gpu.recovery_action == "Reset"


@both
def test_pending_and_current_ecc_are_two_facts(parse, answer):
    gpu = parse(answer).gpus[0]
    assert (gpu.ecc_current, gpu.ecc_pending) == (Mode.ENABLED, Mode.DISABLED)


@both
def test_a_board_without_mig_has_no_such_switch(parse, answer):
    gpu = parse(answer).gpus[0]
    assert (gpu.mig_current, gpu.mig_pending) == (Mode.NOT_SUPPORTED, Mode.NOT_SUPPORTED)


@both
def test_a_pending_row_remap_is_seen(parse, answer):
    gpu = parse(answer).gpus[0]
    assert (gpu.rows_remap_pending, gpu.rows_remap_failed) == (True, False)
    assert (gpu.rows_remapped_correctable, gpu.rows_remapped_uncorrectable) == (1, 3)


@both
def test_uncorrected_errors_are_summed_over_old_and_new_names(parse, answer):
    gpu = parse(answer).gpus[0]
    assert gpu.ecc_uncorrected_volatile == 1 + 2 + 4
    assert gpu.ecc_uncorrected_aggregate == 10 + 20


@both
def test_a_lost_gpu_says_so_instead_of_its_switches(parse, answer):
    gpu = parse(answer).gpus[1]
    assert gpu.address == "0000:86:00.0"
    assert gpu.ecc_current.detail == "nvidia-smi says 'Unknown Error'"
    assert gpu.ecc_pending.detail == "nvidia-smi says 'GPU is lost'"
    assert gpu.ecc_current.why is Why.ABSENT


@both
def test_an_unknown_names_command_and_field(parse, answer):
    reading = parse(answer).gpus[0].pages_retire_pending
    assert isinstance(reading, Unknown)
    command, _, field = reading.asked.partition(": ")
    assert command in ("nvidia-smi -q", "nvidia-smi -q -x")
    assert field.lower().replace(" ", "_").startswith("retired_pages/pending")


@both
def test_notices_before_and_after_a_good_answer_are_facts(parse, answer):
    log = parse(LOST + answer + CORRUPTED + "14\n")
    assert log.lost == ("0000:82:00.0", SICK)
    assert log.inforom_corrupted == ("0000:0b:00.0",)
    assert len(log.gpus) == 2


@both
def test_line_ends_of_windows_make_no_difference(parse, answer):
    assert parse(answer.replace("\n", "\r\n")) == parse(answer)


@parsers
def test_no_devices_is_a_known_zero(parse):
    log = parse("No devices were found\n")
    assert (log.gpus, log.attached_gpus) == ((), 0)
    assert isinstance(log.driver_version, Unknown)


@parsers
def test_a_lost_gpu_alone_leaves_the_count_unknown(parse):
    log = parse(LOST)
    assert (log.gpus, log.lost) == ((), ("0000:82:00.0",))
    assert isinstance(log.attached_gpus, Unknown)
    assert isinstance(parse(LOST + "No devices were found\n").attached_gpus, Unknown)


@pytest.mark.parametrize(
    ("line", "lost", "unnamed"),
    [
        ("Unable to determine the device handle for GPU 0000:04:00.0: Not Found", 1, 0),
        ("Unable to determine the device handle for GPU0000:04:00.0: Unknown Error", 1, 0),
        ("Unable to determine the device handle for GPU3: 0000:04:00.0: GPU is lost.", 1, 0),
        ("Unable to determine the device handle for gpu 0000:04:00.0: Unknown Error", 1, 0),
        ("Unable to determine the device handle for GPU2: Unknown Error", 0, 1),
    ],
)
def test_a_lost_gpu_is_named_in_five_ways(line, lost, unnamed):
    log = nvidia_smi_q.parse(f"{line}\n{TEXT}")
    assert log.lost == ("0000:04:00.0",) * lost + (SICK,)
    assert log.lost_unnamed == (line,) * unnamed


@parsers
def test_the_sentence_about_a_driver_that_is_not_loaded_is_kept(parse):
    with pytest.raises(ParseError) as caught:
        parse(NOT_LOADED + "\n\n")
    assert NOT_LOADED in str(caught.value)


@parsers
@pytest.mark.parametrize(
    ("answer", "quoted"),
    [
        ("", "empty"),
        (" \n\t\n", "empty"),
        ("-sh: nvidia-smi: not found\n", "-sh: nvidia-smi: not found"),
        ("Failed to initialize NVML: Driver/library version mismatch\n", "version mismatch"),
        ("Option \"-x\" is not recognized. Please run 'nvidia-smi -h'.", "not recognized"),
    ],
)
def test_other_answers_are_refused_with_their_first_line(parse, answer, quoted):
    with pytest.raises(ParseError, match=quoted):
        parse(answer)


@pytest.mark.parametrize(
    "answer",
    [
        XML[: XML.index("</nvidia_smi_log>")],
        XML.replace("</gpu>", "", 1),
        XML.replace("nvidia_smi_log", "nvidia_other_log"),
        "<nvidia_smi_log></nvidia_smi_log>",
        "<nvidia_smi_log><gpu id='00000000:3B:00.0'><fan>1</fan></gpu></nvidia_smi_log>",
        "<nvidia_smi_log>&boom;</nvidia_smi_log>",
    ],
    ids=["cut", "unbalanced", "other root", "empty", "no field of a GPU", "entity"],
)
def test_damaged_xml_is_refused(answer):
    with pytest.raises(ParseError):
        nvidia_smi_q_x.parse(answer)


def test_two_gpus_that_ran_into_one_are_refused():
    with pytest.raises(ParseError, match="'Product Name' twice"):
        nvidia_smi_q.parse(TEXT.replace("GPU 00000000:86:00.0\n", ""))


def test_two_logs_of_two_moments_are_refused():
    with pytest.raises(ParseError, match=r"GPU 0000:3b:00\.0 is in it twice"):
        nvidia_smi_q.parse(TEXT + TEXT)


def test_a_section_that_lost_its_title_is_not_read_as_another():
    gpu = nvidia_smi_q.parse(TEXT.replace("    BAR1 Memory Usage\n", "")).gpus[0]
    assert isinstance(gpu.bar1_total_bytes, Unknown)
    assert isinstance(gpu.framebuffer_total_bytes, Unknown)
    assert gpu.framebuffer_total_bytes.why is Why.UNPARSED


@pytest.mark.parametrize("said", ["46068", "46068 M", "46068 MiB free", "-1 MiB", "٤٦ MiB"])
def test_a_size_without_its_whole_unit_is_no_size(said):
    reading = gpu_of(f"    FB Memory Usage\n        Total : {said}\n").framebuffer_total_bytes
    assert isinstance(reading, Unknown)
    assert reading.why is Why.UNPARSED
    assert said in reading.detail


@pytest.mark.parametrize("said", ["Enable", "On", "1", "Enabled*"])
def test_a_switch_with_another_word_is_unparsed(said):
    reading = gpu_of(f"    ECC Mode\n        Current : {said}\n").ecc_current
    assert isinstance(reading, Unknown)
    assert reading.why is Why.UNPARSED


@pytest.mark.parametrize(
    "said",
    [
        "ERR!",
        "[GPU requires reset]",
        "Requested functionality has been deprecated",
        "Unknown Error",
    ],
)
def test_words_for_no_value_are_never_a_value(said):
    gpu = gpu_of(f"    Display Mode : {said}\n    Remapped Rows\n        Pending : {said}\n")
    for reading in (gpu.display_mode, gpu.rows_remap_pending):
        assert isinstance(reading, Unknown)
        assert reading.why is Why.ABSENT
        assert said in reading.detail


def test_missing_permission_is_a_refusal_and_not_an_absence():
    reading = gpu_of("    ECC Mode\n        Current : [Insufficient Permissions]\n").ecc_current
    assert isinstance(reading, Unknown)
    assert reading.why is Why.DENIED


def test_not_supported_is_an_answer_about_a_capability_only():
    gpu = gpu_of(
        "    vGPU Device Capability\n"
        "        Heterogeneous Time-Slice Profiles : N/A\n"
        "        Heterogeneous Time-Slice Sizes    : Not Supported\n"
        "    Fabric\n"
        "        State : Not Supported\n"
    )
    assert gpu.heterogeneous_sizes is False
    assert isinstance(gpu.heterogeneous_profiles, Unknown)
    assert gpu.fabric_state == "N/A"


def test_one_word_for_a_whole_section_answers_each_field_in_it():
    gpu = gpu_of("    Remapped Rows : N/A\n    ECC Mode : N/A\n    ECC Errors : N/A\n")
    assert gpu.rows_remap_failed.detail == "nvidia-smi says 'N/A'"
    assert gpu.ecc_current is Mode.NOT_SUPPORTED
    assert gpu.ecc_uncorrected_volatile.detail == "nvidia-smi says 'N/A'"


def test_gpus_of_one_shape_keep_their_own_words_and_silence():
    def gpu(bus, remapped):
        return f"""<gpu id="00000000:{bus}:00.0"><product_name>G</product_name>
            <ecc_mode><current_ecc>{remapped}</current_ecc></ecc_mode>
            <remapped_rows>{remapped}</remapped_rows></gpu>"""

    said = ("", "N/A", "Unknown Error", " ", "No")
    gpus = "".join(gpu(f"{bus:02x}", word) for bus, word in enumerate(said, 1))
    found = nvidia_smi_q_x.parse(f"<nvidia_smi_log>{gpus}</nvidia_smi_log>").gpus
    for one, word in zip(found, said, strict=True):
        (alone,) = nvidia_smi_q_x.parse(
            f"<nvidia_smi_log>{gpu(one.address[5:7], word)}</nvidia_smi_log>"
        ).gpus
        assert one == alone
        told = f"says '{word.strip()}'" if word.strip() else "the answer has no"
        assert one.rows_remap_failed is False or told in one.rows_remap_failed.detail
        assert (one.rows_remap_failed is False) == (word == "No")


def test_a_sum_of_errors_needs_all_of_its_parts():
    gpu = gpu_of(
        "    ECC Errors\n        Volatile\n"
        "            SRAM Uncorrectable : 0\n            DRAM Uncorrectable : N/A\n"
    )
    assert isinstance(gpu.ecc_uncorrected_volatile, Unknown)


def test_a_sum_with_an_unknown_part_is_a_lower_bound():
    gpu = gpu_of(
        "    ECC Errors\n        Volatile\n"
        "            SRAM Uncorrectable Parity  : N/A\n"
        "            SRAM Uncorrectable SEC-DED : 2\n"
        "            DRAM Uncorrectable         : 5\n"
        "        Aggregate\n"
        "            SRAM Uncorrectable Parity  : N/A\n"
        "            DRAM Uncorrectable         : 0\n"
    )
    assert gpu.ecc_uncorrected_volatile == 7
    assert isinstance(gpu.ecc_uncorrected_aggregate, Unknown)


def test_pascal_counts_double_bit_errors():
    gpu = gpu_of(
        "    ECC Errors\n        Volatile\n            Double Bit\n"
        "                Device Memory : 2\n                Total : 3\n"
    )
    assert gpu.ecc_uncorrected_volatile == 3


def test_mig_devices_are_counted_and_their_memory_is_not_the_gpus():
    device = (
        "    MIG Device\n        Index : {}\n        FB Memory Usage\n            Total : 5 MiB\n"
    )
    gpu = gpu_of(device.format(0) + device.format(1))
    assert gpu.mig_device_count == 2
    assert isinstance(gpu.framebuffer_total_bytes, Unknown)


@pytest.mark.parametrize(
    ("device", "subsystem", "expected"),
    [
        ("0x25B610DE", "0x157E10DE", PciId(0x10DE, 0x25B6, 0x10DE, 0x157E)),
        ("0x25B610DE", "N/A", PciId(0x10DE, 0x25B6)),
        ("0x25B610DE", "0x000000DE", PciId(0x10DE, 0x25B6)),
        ("0x25B610DE", "0x157E10", Why.UNPARSED),
        ("0x25B6", "0x157E10DE", Why.UNPARSED),
        ("0x10DE25B6", "0x157E10DE", Why.UNPARSED),
        ("0x000000DE", "0x000000DE", Why.ABSENT),
        ("N/A", "N/A", Why.ABSENT),
    ],
)
def test_pci_ids_print_the_device_first_and_the_vendor_last(device, subsystem, expected):
    reading = gpu_of(
        f"    PCI\n        Device Id : {device}\n        Sub System Id : {subsystem}\n"
    ).pci_id
    assert (reading.why if isinstance(reading, Unknown) else reading) == expected


def test_a_number_too_long_for_a_number_is_unparsed():
    log = nvidia_smi_q.parse(f"Driver Version : 1\nAttached GPUs : {'9' * 5000}\n")
    assert isinstance(log.attached_gpus, Unknown)
    assert len(log.attached_gpus.detail) < 300


def test_driver_610_calls_its_version_kmd_version():
    log = nvidia_smi_q.parse("KMD Version : 610.12\nAttached GPUs : 0\n")
    assert (log.driver_version, log.attached_gpus, log.gpus) == ("610.12", 0, ())


DEPRECATED = "610.43.02 [Deprecated; will be removed in CUDA 14.0. Use KMD Version instead]"


@pytest.mark.parametrize(
    "lines",
    [f"Driver Version : {DEPRECATED}", f"Driver Version : {DEPRECATED}\nKMD Version : 610.43.02",
     "KMD Version : 610.43.02\nCUDA UMD Version : 13.3"],
)  # fmt: skip
def test_the_sentence_behind_the_version_of_driver_610_is_no_part_of_it(lines):
    assert nvidia_smi_q.parse(f"{lines}\nAttached GPUs : 0\n").driver_version == "610.43.02"


@pytest.mark.parametrize("words", ["GPU is lost", "GPU requires reset"])
@pytest.mark.parametrize(
    "fields",
    ["    FB Memory Usage\n        Total : {}\n", "    Fabric\n        State : [{}]\n",
     "    ECC Errors\n        Volatile\n            DRAM Uncorrectable : {}.\n", "    {}\n"],
)  # fmt: skip
def test_words_that_give_a_gpu_up_are_noticed_wherever_they_stand(fields, words):
    log = nvidia_smi_q.parse(f"GPU 00000000:3B:00.0\n{fields.format(words)}")
    (gpu,) = log.gpus
    assert gpu.gave_up == words
    named = log.lost if words == "GPU is lost" else log.reset_needed
    assert named == ("0000:3b:00.0",)
    assert isinstance(gpu.framebuffer_total_bytes, Unknown)


def test_a_lost_gpu_is_graver_than_one_that_wants_a_reset():
    fields = "    Display Mode : GPU requires reset\n    UUID : GPU is lost\n"
    assert gpu_of(fields).gave_up == "GPU is lost"
    assert gpu_of("    Display Mode : Unknown Error\n").gave_up == ""


RESET_STATUS = """\
    GPU Reset Status
        Reset Required : {}
        Drain and Reset Recommended : {}
"""


@pytest.mark.parametrize(
    ("fields", "action", "reset"),
    [
        ("    GPU Recovery Action : Drain P2P\n", "Drain P2P", None),
        ("    GPU Recovery Action : None\n", "None", None),
        ("    GPU Recovery Action : N/A\n", "N/A", None),
        ("    GPU Reset Status\n        Reset Required : Yes\n", None, True),
        (RESET_STATUS.format("No", "Yes"), "Drain and Reset", False),
        (
            "    GPU Recovery Action : None\n" + RESET_STATUS.format("No", "Yes"),
            "Drain and Reset",
            False,
        ),
        (RESET_STATUS.format(*["Requested functionality has been deprecated"] * 2), None, None),
    ],
)
def test_what_the_driver_asks_for(fields, action, reset):
    gpu = gpu_of(fields)
    found = (gpu.recovery_action, gpu.reset_required)
    assert tuple(None if isinstance(one, Unknown) else one for one in found) == (action, reset)


def test_repairs_and_the_health_of_the_fabric():
    gpu = gpu_of(
        "    ECC Errors\n        Aggregate\n            SRAM Threshold Exceeded : Yes\n"
        "        Channel Repair Pending : No\n        TPC Repair Pending : Yes\n"
        "        Unrepairable Memory : N/A\n"
        "    Fabric\n        State : Completed\n        Status : Success\n"
        "        Health\n            Summary : Unhealthy\n            Bandwidth : Degraded\n"
        "            Route Unhealthy : False\n            Incorrect Configuration : N/A\n"
        "            Partition Assigned : True\n"
    )
    assert gpu.repairs == ("TPC repair pending", "SRAM error threshold exceeded")
    assert (gpu.fabric_health, gpu.fabric_faults) == ("Unhealthy", ("Bandwidth: Degraded",))
    assert isinstance(gpu_of("").repairs, Unknown)
    odd = "    ECC Errors\n        Channel Repair Pending : Maybe\n"
    assert gpu_of(odd).repairs.why is Why.UNPARSED


@pytest.mark.parametrize("status", ["Unknown Error", "Insufficient Resources", "Error"])
def test_an_error_is_the_status_of_a_fabric(status):
    assert gpu_of(f"    Fabric\n        Status : {status}\n").fabric_status == status


def test_an_answer_of_vgpu_q_is_no_log():
    with pytest.raises(ParseError, match="Active vGPUs"):
        nvidia_smi_q.parse("GPU 00000000:3B:00.0\n    Active vGPUs : 0\n")

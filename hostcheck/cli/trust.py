"""hostcheck trust."""

import sys
from pathlib import Path

import click

from hostcheck.cli.completing import names_of_hosts
from hostcheck.cli.front import front
from hostcheck.cli.given import group
from hostcheck.cli.group import main
from hostcheck.cli.machines import hosts_option, vsphere
from hostcheck.cli.options import cluster_option, existing, format_option, output_option
from hostcheck.cli.out import give, refuse_untold
from hostcheck.cli.ring import EXIT_UNKNOWN
from hostcheck.connect.given import Trusting

trust_options = group(
    "given", Trusting,
    click.option(
        "--bmc-inventory", "inventory", type=existing(dir_okay=False),
        help="CSV or TOML with the address of each BMC.",
    ),
    click.option(
        "--bmc-fingerprints", "fingerprints", type=click.Path(path_type=Path),
        help="File to pin BMCs in. Default: ~/.config/hostcheck/bmc-fingerprints.",
    ),
    click.option(
        "--tls-known-hosts", type=click.Path(path_type=Path),
        help="File to pin vCenters and ESXi hosts in. Default: the first of GOVC_TLS_KNOWN_HOSTS.",
    ),
    click.option(
        "--esxi", is_flag=True,
        help="The certificates of the hosts that vCenter lists, beside what it has of them.",
    ),
    click.option(
        "--ssh", is_flag=True,
        help="The SSH host keys of the hosts that vCenter lists, and of their jump hosts.",
    ),
    click.option(
        "--ssh-host", "ssh_hosts", multiple=True, metavar="NAME", shell_complete=names_of_hosts,
        help="The SSH host keys of this host or guest, repeatable; no vCenter is asked.",
    ),
    click.option("--ssh-port", type=click.IntRange(1, 65535), metavar="N", help="SSH port."),
    click.option(
        "--ssh-config", type=click.Path(path_type=Path), help="Default: ~/.ssh/config."
    ),
    click.option(
        "--ssh-known-hosts", type=click.Path(path_type=Path),
        help="File to pin host keys in. Default: the first that ssh reads for the host.",
    ),
    click.option(
        "--pin", is_flag=True, help="Pin what is new. What is pinned already is never replaced."
    ),
    hosts_option, cluster_option, *vsphere,
    click.argument("places", nargs=-1, metavar="[ADDRESS|FILE]..."),
)  # fmt: skip


@main.command()
@trust_options
@format_option("trust")
@output_option
def trust(given: Trusting, format_: str, output: Path | None) -> None:
    """Show the certificates and SSH host keys of machines, and pin them with --pin.

    BMCs are named by address or inventory, vCenters and ESXi hosts by --vcenter; --esxi and --ssh
    take the hosts that vCenter lists. Nobody logs in to what is looked at. Compare with what the
    machine itself shows (its console, its BMC's page), from a network that is yours; then give
    --pin: each is told on standard error and then pinned. What is pinned and differs is told and
    left.

    Exit codes: 0 all are pinned, 1 one differs from what is pinned or from what vCenter has, or is
    revoked, 2 usage, 3 one is not pinned or could not be looked at.
    """
    from hostcheck.connect import trusting
    from hostcheck.model.trust import BAD, OPEN, SCHEMA, Sightings

    refuse_untold("trust", format_, output)
    seen = Sightings(SCHEMA, tuple(trusting.sights(given, front())))
    give("trust", format_, seen, output)
    words = {one.word for one in seen.rows}
    sys.exit(1 if words & set(BAD) else EXIT_UNKNOWN if words & set(OPEN) or not words else 0)

"""firewall.conf of a host: what its firewall lets in. hosts/scripts/node/firewall_rules.sh reads it."""

from components.model.firewall.openings import Openings


def firewall_conf(openings: Openings) -> str:
    """Return the lines, a word that says what it is and a value each."""
    lines = [f"udp {port}" for port in openings.udp]
    lines += [f"tcp {port}" for port in openings.tcp]
    lines += [f"ssh {network}" for network in openings.ssh]
    lines.append(f"mesh {openings.mesh}")
    return "".join(f"{line}\n" for line in lines)

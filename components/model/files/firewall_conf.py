"""firewall.conf: the openings of a host's firewall, read by hosts/scripts/node/firewall_rules.sh."""

from components.model.files.text_lines import lines as text_of
from components.model.firewall.openings import Openings


def firewall_conf(openings: Openings) -> str:
    """Return the text of the file: lines of a keyword and a value."""
    lines = [f"udp {port}" for port in openings.udp]
    lines += [f"tcp {port}" for port in openings.tcp]
    lines += [f"ssh {network}" for network in openings.ssh]
    lines.append(f"mesh {openings.mesh}")
    return text_of(lines)

"""open.conf: what every firewall of a host must let through, read by hosts/scripts/node/others.sh."""

from components.model.files.text_lines import lines as text_of
from components.model.firewall.needs import Needs


def open_conf(needs: Needs) -> str:
    """Return the text of the file: lines of a keyword and a value."""
    lines = [f"udp {needs.udp}"]
    lines += [f"device {name}" for name in needs.devices]
    lines += [f"pods {name}" for name in needs.pods]
    return text_of(lines)

"""YAML for Kubespray."""

import yaml


def to_yaml(data: object) -> str:
    """Return YAML in the order of the data: sorted keys would change which host is the first control plane."""
    return yaml.safe_dump(data, sort_keys=False, default_flow_style=False, width=120)

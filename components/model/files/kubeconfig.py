"""Kubeconfig of the users: the deployer's admin.conf with an API address that works for them."""

import yaml

from components.model.spec import Endpoint


def for_users(admin_conf: str, api: Endpoint, cluster: str) -> str:
    """Return a kubeconfig with an API address. Input and output are secret.

    Cluster, user and context are named after the cluster, so that files of several clusters can be merged.
    """
    config = yaml.safe_load(admin_conf)
    entry = config["clusters"][0]
    entry["name"] = cluster
    entry["cluster"]["server"] = f"https://{api}"
    user = config["users"][0]
    user["name"] = f"{cluster}-admin"
    config["contexts"] = [{"name": cluster, "context": {"cluster": cluster, "user": user["name"]}}]
    config["current-context"] = cluster
    text: str = yaml.safe_dump(config, sort_keys=False)
    return text

"""The kubeconfig that users get: the deployer's admin.conf with an address that works where it is used."""

import yaml


def for_users(admin_conf: str, server_address: str, cluster: str) -> str:
    """Return a kubeconfig whose API address is `https://server_address:6443`. Input and output are secret.

    Cluster, user and context are named after the cluster, so that files of several clusters can be merged.
    """
    config = yaml.safe_load(admin_conf)
    host = f"[{server_address}]" if ":" in server_address else server_address
    entry = config["clusters"][0]
    entry["name"] = cluster
    entry["cluster"]["server"] = f"https://{host}:6443"
    user = config["users"][0]
    user["name"] = f"{cluster}-admin"
    config["contexts"] = [{"name": cluster, "context": {"cluster": cluster, "user": user["name"]}}]
    config["current-context"] = cluster
    text: str = yaml.safe_dump(config, sort_keys=False)
    return text

"""Kubespray's variables for a cluster stretched over wg0. Why each has its value: docs/reference.md."""

from components.model.spec import CONTROL_PLANE, Kubernetes, Spec

VXLAN_OVERHEAD = 50
"""Bytes that VXLAN over IPv4 adds to a packet (RFC 7348)."""

DEPLOYER_DIRECTORY = "/var/lib/stretched"
"""On the deployer, root only; scripts/deployer/paths.sh knows it too."""

PROXY_VARIABLES = ("http_proxy", "https_proxy", "no_proxy", "additional_no_proxy")

OWN_VARIABLES = {
    "kube_version": "write kubernetes.version",
    "kube_pods_subnet": "write kubernetes.podCidr",
    "kube_service_addresses": "write kubernetes.serviceCidr",
    "kube_network_node_prefix": "write kubernetes.nodePrefix",
    "kube_network_plugin": "write kubernetes.networkPlugin",
    "calico_network_backend": "only VXLAN is carried by every tunnel",
    "calico_vxlan_mode": "wg0 is one subnet: CrossSubnet would send pod addresses that AllowedIPs drop",
    "calico_ipip_mode": "only VXLAN is carried by every tunnel",
    "calico_mtu": "it follows mesh.mtu",
    "calico_ip_auto_method": "pods must go over wg0",
    "ip": "it is the wg0 address",
    "access_ip": "it is the wg0 address",
    "kubeconfig_localhost": "the kubeconfig output reads it",
    "artifacts_dir": "the kubeconfig output reads what lies there",
    "credentials_dir": "it outlives an inventory",
    "ansible_host": "it is the wg0 address",
    "ansible_user": "write ssh.user of the node",
    "ansible_port": "write ssh.meshPort of the node",
    "node_labels": "write labels of the node",
    "node_taints": "write taints of the node",
    "etcd_member_name": "a name that follows the group's order would change when a member leaves",
    "flannel_interface": "pods must go over wg0",
    "flannel_backend_type": "only VXLAN is carried by every tunnel",
    "flannel_vxlan_direct_routing": "wg0 is one subnet: AllowedIPs would drop pod addresses",
    "auto_renew_certificates": "a certificate that ends takes the control plane away",
    "kubectl_localhost": "the deployer is a node",
    "unsafe_show_logs": "true would print secrets",
    "override_system_hostname": "true would rename the users' hosts",
    "flush_iptables": "true would flush the users' firewall",
    "reset_restart_network": "true would take the tunnels down",
    "supplementary_addresses_in_ssl_keys": "write kubernetes.apiAddress",
    "kubelet_systemd_wants_dependencies": "kubelet waits for wg0",
    "kube_proxy_nodeport_addresses_cidr": "NodePorts stay off public interfaces",
}
"""Variables that the configuration may not set, each with the reason or the field to write instead."""

SELINUX_AS_IT_IS = (
    "{% set found = (ansible_facts | default({})).selinux | default({}) %}"
    "{% set modes = [found.mode | default(''), found.config_mode | default('')] %}"
    "{{ 'disabled' if found.status | default('') == 'disabled' else "
    "'enforcing' if 'enforcing' in modes else 'permissive' }}"
)
"""An expression for Ansible: the state of SELinux on a host; the stricter one where its next boot brings another."""


def group_vars(spec: Spec) -> dict[str, object]:
    """Return the variables of the group k8s_cluster and all, the user's own last."""
    kubernetes = spec.kubernetes
    control_plane = spec.with_role(CONTROL_PLANE)
    names = [kubernetes.api.host] if kubernetes.api else []
    return {
        "kube_version": kubernetes.version,
        "kube_pods_subnet": str(kubernetes.pod_cidr),
        "kube_service_addresses": str(kubernetes.service_cidr),
        "kube_network_node_prefix": kubernetes.node_prefix,
        "kube_network_plugin": kubernetes.network_plugin,
        **_network_plugin(kubernetes, spec.mesh.mtu),
        "preinstall_selinux_state": SELINUX_AS_IT_IS,
        "disable_fapolicyd": False,
        "sysctl_file_path": "/etc/sysctl.d/99-kubernetes.conf",
        "etcd_deployment_type": "host",
        "etcd_backup_retention_count": 5,
        "etcd_heartbeat_interval": "250",
        "etcd_election_timeout": "5000",
        "force_etcd_cert_refresh": False,
        "loadbalancer_apiserver_localhost": True,
        "kube_controller_manager_bind_address": "127.0.0.1",
        "kube_scheduler_bind_address": "127.0.0.1",
        "kube_proxy_nodeport_addresses_cidr": str(spec.mesh.cidr),
        "kubeconfig_localhost": True,
        "kubectl_localhost": False,
        "artifacts_dir": f"{DEPLOYER_DIRECTORY}/artifacts",
        "credentials_dir": f"{DEPLOYER_DIRECTORY}/credentials",
        "auto_renew_certificates": True,
        "supplementary_addresses_in_ssl_keys": [*names, *(str(node.address) for node in control_plane)],
        "override_system_hostname": False,
        "resolvconf_mode": "none",
        "reset_restart_network": False,
        "flush_iptables": False,
        "kubelet_systemd_wants_dependencies": ["wg-quick@wg0.service"],
        "kubelet_status_update_frequency": "20s",
        "kube_controller_node_monitor_grace_period": "2m",
        "unsafe_show_logs": False,
        **kubernetes.variables,
    }


def proxy_variables(spec: Spec, deployer: str) -> dict[str, object]:
    """Return the users' variables of the deployer that name an HTTP proxy: what it downloads itself goes by it, too."""
    own = [node.variables for node in spec.nodes if node.name == deployer]
    variables = {name: value for some in (spec.kubernetes.variables, *own) for name, value in some.items()}
    return {name: variables[name] for name in PROXY_VARIABLES if name in variables}


def _network_plugin(kubernetes: Kubernetes, mtu: int) -> dict[str, object]:
    if kubernetes.network_plugin == "flannel":  # takes its MTU from wg0
        return {
            "flannel_interface": "wg0",
            "flannel_backend_type": "vxlan",
            "flannel_vxlan_direct_routing": False,
        }
    return {
        "calico_network_backend": "vxlan",
        "calico_vxlan_mode": "Always",
        "calico_ipip_mode": "Never",
        "calico_mtu": mtu - VXLAN_OVERHEAD,
        "calico_felix_mtu_iface_pattern": "^wg0$",
        "calico_ip_auto_method": "interface=wg0",
    }

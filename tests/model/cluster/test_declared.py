"""What playbooks shall bring about: variables, settings, and how a person sees a change."""

from components.model.cluster.declared import declared
from components.model.cluster.inventory import host_entry
from components.model.cluster.kubespray_variables import group_vars, proxy_variables
from components.model.configuration import parse
from components.model.report.declared_lines import readable
from tests.support.examples import changed, configuration, example, read, with_workers


def test_a_variable_of_a_node_wins_over_its_sites_and_that_over_the_clusters() -> None:
    config = changed("kubernetes/variables", {"a": "cluster", "kubelet_max_pods": 60})
    config = changed("sites/uvic/variables", {"a": "site", "b": "site"}, config)
    config = changed("sites/uvic/nodes/uvic001.hl-lhc.io/variables", {"b": "node"}, config)
    spec = parse(config, read)
    assert {name: group_vars(spec)[name] for name in ("a", "kubelet_max_pods")} == {
        "a": "cluster",
        "kubelet_max_pods": 60,
    }
    # Ansible takes a host's variable before a group's (group_vars/all).
    assert {name: host_entry(spec.node("uvic001.hl-lhc.io"))[name] for name in ("a", "b")} == {"a": "site", "b": "node"}
    assert "a" not in host_entry(spec.node("msu001.hl-lhc.io"))


def test_only_settings_change_the_settings() -> None:
    """A label, a version or another node has a run of its own; everything else is cluster.yml's."""

    def settings(config: dict[str, object], playbooks: str = "p") -> str:
        return declared(parse(config, read), playbooks).settings

    same = settings(configuration())
    uvic = "sites/uvic/nodes/uvic001.hl-lhc.io"
    assert settings(changed(f"{uvic}/labels", {"rack": "12"})) == same
    assert settings(changed(f"{uvic}/variables", {"kubelet_max_pods": 60})) == same
    assert settings(changed("kubernetes/version", "1.35.3")) == same
    assert settings(with_workers(2)) == same
    others = [
        settings(changed("kubernetes/variables", {"kubelet_max_pods": 60})),
        settings(changed("kubernetes/rotation", "2027")),
        settings(changed("kubernetes/apiAddress", "192.0.2.77")),
        settings(changed("mesh/mtu", 1400)),
        settings(configuration(), "other playbooks"),
    ]
    assert len({same, *others}) == len(others) + 1


def test_a_preview_can_show_what_changed_line_by_line() -> None:
    before = readable(declared(example(), "p"), "p").splitlines()
    labelled = changed("sites/uvic/nodes/uvic001.hl-lhc.io/labels", {"rack": "12"})
    after = readable(declared(parse(labelled, read), "p"), "p").splitlines()
    assert [line for line in after if line not in before] == [
        "uvic001.hl-lhc.io 192.168.0.8; worker; institution=uvic rack=12 site=uvic"
    ]
    assert before[0].startswith("kubernetes 1.35.4, playbooks p, settings ")


def test_flannel_and_calico_both_encapsulate_over_wg0_only() -> None:
    flannel = group_vars(parse(changed("kubernetes/networkPlugin", "flannel"), read))
    assert (flannel["flannel_interface"], flannel["flannel_backend_type"]) == ("wg0", "vxlan")
    assert not [name for name in flannel if name.startswith("calico")]
    calico = group_vars(example())
    assert (calico["calico_vxlan_mode"], calico["calico_mtu"]) == ("Always", 1370)


def test_hosts_stay_as_they_are_and_etcds_snapshots_are_few_unless_the_users_variables_say_otherwise() -> None:
    assert group_vars(example())["disable_fapolicyd"] is False
    assert group_vars(example())["etcd_backup_retention_count"] == 5
    # Debian's 99-sysctl.conf, Kubespray's default, is a link to /etc/sysctl.conf, and reset.yml removes it.
    assert group_vars(example())["sysctl_file_path"] == "/etc/sysctl.d/99-kubernetes.conf"
    own = {
        **{"preinstall_selinux_state": "permissive", "disable_fapolicyd": True, "etcd_backup_retention_count": -1},
        "sysctl_file_path": "/etc/sysctl.d/99-sysctl.conf",
    }
    variables = group_vars(parse(changed("kubernetes/variables", own), read))
    assert {name: variables[name] for name in own} == own


def test_what_the_deployer_downloads_goes_by_the_proxy_of_its_own_variables() -> None:
    config = changed("kubernetes/variables", {"http_proxy": "http://192.0.2.9:3128", "no_proxy": "10.0.0.0/8", "a": 1})
    config = changed("sites/uvic/nodes/uvic001.hl-lhc.io/variables", {"http_proxy": "http://192.0.2.8:3128"}, config)
    spec = parse(config, read)
    everywhere = {"http_proxy": "http://192.0.2.9:3128", "no_proxy": "10.0.0.0/8"}
    assert proxy_variables(spec, "msu001.hl-lhc.io") == everywhere
    assert proxy_variables(spec, "uvic001.hl-lhc.io") == {**everywhere, "http_proxy": "http://192.0.2.8:3128"}

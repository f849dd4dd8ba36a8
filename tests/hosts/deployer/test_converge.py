"""converge.py as it is uploaded, with the standard library only: which playbooks it runs, with what, for which change."""

from dataclasses import replace

from components.model.cluster.declared import declared
from components.model.configuration import parse
from tests.hosts.deployer.place import Place, archive, cluster
from tests.support.examples import changed, read

GATE = "boilerplate.yml in next"


def test_the_first_run_asks_for_an_earlier_deployer_and_installs(place: Place) -> None:
    done = place.converge(cluster())
    assert done.status == 0, done.errors
    ask = f"adopt.yml in next deployer=m adopted={place.state}/adopted"
    assert done.words == [GATE, ask, GATE, "cluster.yml in inventory"]
    own, kubespray = place.tools / "uploaded" / "components" / "hosts" / "deployer", place.root / "playbooks"
    assert [run.directory for run in done.runs] == [kubespray / "playbooks", own, kubespray / "playbooks", kubespray]
    assert all(run.hosts == {"m", "x", "y"} and run.stdin == "" for run in done.runs)
    began = done.runs[-1].applied
    assert began is not None
    assert not began.installed
    assert place.known == declared(parse(cluster(), read), "v1")
    assert (place.state / "inventory" / "known_hosts").read_text(encoding="utf-8").count("ssh-ed25519") == 3
    assert "steps: cluster.yml: install 3 nodes\n" in done.progress


def test_nothing_runs_when_the_cluster_is_as_declared(place: Place) -> None:
    place.install(cluster())
    done = place.converge(cluster())
    assert (done.status, done.runs) == (0, ())
    assert "as declared: no playbook to run" in done.progress


def test_what_needs_no_run_is_in_the_inventory_in_force_all_the_same(place: Place) -> None:
    place.install(cluster())
    done = place.converge(changed("sites/lab/nodes/x/ssh/meshPort", 2222, cluster()))
    assert (done.status, done.runs) == (0, ())
    assert "]:2222 " in (place.state / "inventory" / "known_hosts").read_text(encoding="utf-8")


def test_a_worker_joins_alone_after_facts_of_all(place: Place) -> None:
    place.install(cluster())
    done = place.converge(cluster(workers="a x y"))
    assert done.words == [GATE, "facts.yml in inventory", "scale.yml in inventory limit a"]
    assert all(run.hosts == {"m", "a", "x", "y"} for run in done.runs)
    during = done.runs[-1].applied
    assert during is not None
    assert during.doubtful == {"a"}
    assert place.known is not None
    assert place.known.members == declared(parse(cluster(workers="a x y"), read), "v1").members
    assert place.known.doubtful == frozenset()


def test_new_control_plane_nodes_come_after_the_old_though_their_names_come_before(place: Place) -> None:
    place.install(cluster())
    done = place.converge(cluster(leaders="a b m"))
    assert done.words == [GATE, "cluster.yml in inventory", "control_plane.yml in inventory"]
    for run in done.runs:
        assert run.groups == {"kube_control_plane": ("m", "a", "b"), "etcd": ("m", "a", "b")}
    assert place.converge(cluster(leaders="a b m")).runs == ()
    done = place.converge(cluster(leaders="a b c d m"))
    assert done.runs[-1].groups["etcd"] == ("m", "a", "b", "c", "d")


def test_another_control_plane_node_leads_when_that_is_declared(place: Place) -> None:
    place.install(cluster(leaders="a b m"))
    done = place.converge(cluster(leaders="a b m", firstControlPlane="b"))
    assert done.words == [GATE, "cluster.yml in inventory", "control_plane.yml in inventory"]
    assert done.runs[-1].groups["kube_control_plane"] == ("b", "a", "m")
    assert place.converge(cluster(leaders="a b m", firstControlPlane="b")).runs == ()


def test_a_worker_leaves_by_the_inventory_that_knows_it_and_its_absence_is_checked(place: Place) -> None:
    place.install(cluster())
    done = place.converge(cluster(workers="x"))
    assert done.words == [
        GATE,
        "remove-node.yml in inventory node=y skip_confirmation=True",
        "members.yml in inventory absent=['y']",
    ]
    assert [run.hosts for run in done.runs] == [{"m", "x"}, {"m", "x", "y"}, {"m", "x", "y"}]
    assert place.inventory == {"m", "x"}
    assert place.known is not None
    assert set(place.known.members) == {"m", "x"}


def test_control_plane_nodes_leave_one_by_one_and_the_others_forget_them(place: Place) -> None:
    place.install(cluster(leaders="m n o"))
    done = place.converge(cluster(leaders="m"))
    assert done.words == [
        GATE,
        "remove-node.yml in inventory node=o skip_confirmation=True",
        "members.yml in inventory absent=['o']",
        "remove-node.yml in inventory node=n skip_confirmation=True",
        "members.yml in inventory absent=['n']",
        "cluster.yml in inventory",
        "control_plane.yml in inventory",
    ]
    assert done.runs[3].groups["etcd"] == ("m", "n", "o")
    assert done.runs[5].groups["etcd"] == ("m",)


def test_an_upgrade_is_told_its_version_by_the_inventory_only(place: Place) -> None:
    place.install(cluster())
    done = place.converge(cluster(version="1.35.4"))
    assert done.words == [GATE, "upgrade-cluster.yml in inventory"]
    group_vars = place.state / "inventory" / "group_vars" / "all" / "stretched.yml"
    assert "kube_version: 1.35.4\n" in group_vars.read_text(encoding="utf-8")
    assert place.known is not None
    assert (place.known.version, place.known.begun) == ("1.35.4", "")


def test_who_joins_at_an_upgrade_joins_at_the_old_version(place: Place) -> None:
    place.install(cluster())
    done = place.converge(cluster(workers="w x y", version="1.35.4"))
    assert done.words == [
        GATE,
        "facts.yml in inventory",
        "scale.yml in inventory limit w kube_version=1.35.3",
        "upgrade-cluster.yml in inventory",
    ]
    done = place.converge(cluster(leaders="m n o", workers="w x y", version="1.35.5"))
    assert done.words == [
        GATE,
        "cluster.yml in inventory kube_version=1.35.4",
        "control_plane.yml in inventory kube_version=1.35.4",
        "upgrade-cluster.yml in inventory",
    ]


def test_changed_settings_of_cluster_or_node_run_the_whole_playbook(place: Place) -> None:
    place.install(cluster())
    config = changed("kubernetes/variables", {"kube_network_node_prefix_ipv6": 120}, cluster())
    assert place.converge(config).words == [GATE, "cluster.yml in inventory", "control_plane.yml in inventory"]
    config = changed("sites/lab/nodes/x/variables", {"kubelet_max_pods": 50}, config)
    done = place.converge(config)
    assert done.words == [GATE, "cluster.yml in inventory", "control_plane.yml in inventory"]
    assert "changed variables of x" in done.progress


def test_labels_and_taints_run_no_playbook_of_kubespray(place: Place) -> None:
    node = "sites/lab/nodes/x"
    tainted = changed(f"{node}/taints", ["gpu=yes:NoSchedule"], changed(f"{node}/labels", {"rack": "1"}, cluster()))
    place.install(cluster())
    done = place.converge(tainted)
    words = {"labels": ["rack=1"], "taints": ["gpu=yes:NoSchedule"]}
    assert done.words == [GATE, f"members.yml in inventory changes={ {'x': words} }"]
    done = place.converge(cluster())
    words = {"labels": ["rack-"], "taints": ["gpu:NoSchedule-"]}
    assert done.words == [GATE, f"members.yml in inventory changes={ {'x': words} }"]
    assert place.converge(cluster()).runs == ()


def test_what_cannot_be_done_runs_nothing_and_changes_nothing(place: Place) -> None:
    place.install(cluster(version="1.35.4"))
    before = place.known
    done = place.converge(changed("kubernetes/podCidr", "10.9.0.0/16", cluster(workers="w x", version="1.35.3")))
    assert (done.status, done.runs, done.errors) == (1, (), "")
    assert "kubernetes.podCidr: 10.233.64.0/18 cannot change" in done.progress
    assert "kubernetes.version: 1.35.3 is older than 1.35.4" in done.progress
    assert place.known == before
    assert place.inventory == {"m", "x", "y"}


def test_another_deployer_takes_over_and_goes_on_from_what_was_known(place: Place) -> None:
    elsewhere = replace(declared(parse(cluster(), read), "v1"), deployer="x")
    done = place.converge(cluster(workers="w x y"), known_elsewhere=archive(elsewhere, "m", "x", "y"))
    assert done.status == 0, done.errors
    assert done.words == [
        GATE,
        f"adopt.yml in next deployer=m adopted={place.state}/adopted",
        "hand_over.yml in next deployer=m",
        GATE,
        "facts.yml in inventory",
        "scale.yml in inventory limit w",
    ]
    assert (place.state / "artifacts" / "admin.conf").read_text(encoding="utf-8") == "kubeconfig"
    assert not (place.state / "adopted").exists()
    assert place.known is not None
    assert place.known.deployer == "m"
    assert place.converge(cluster(workers="w x y")).runs == ()


def test_who_takes_over_removes_nodes_by_the_inventory_of_the_earlier_deployer(place: Place) -> None:
    elsewhere = replace(declared(parse(cluster(), read), "v1"), deployer="x")
    done = place.converge(cluster(workers="x"), known_elsewhere=archive(elsewhere, "m", "x", "y"))
    assert done.words[-2:] == [
        "remove-node.yml in inventory node=y skip_confirmation=True",
        "members.yml in inventory absent=['y']",
    ]
    assert done.runs[-2].hosts == {"m", "x", "y"}
    assert place.inventory == {"m", "x"}

"""What root executes is what Pulumi named, whoever can write where it was uploaded; and nobody's home leads root astray."""

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from components.remote.bundles import HOST_DIRECTORY, bundle, unbundled
from tests.hosts.scripts.machine import KEY, NEEDS_ROOT, PREPARE, TUNNEL, USERS, Machine

pytestmark = NEEDS_ROOT


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "a").make()


def keys(machine: Machine, user: str = "root") -> Path:
    return machine.root / ("root" if user == "root" else f"home/{user}") / ".ssh/authorized_keys"


def give_keys(machine: Machine, user: str, *lines: str) -> Path:
    file = keys(machine, user)
    file.parent.mkdir(mode=0o700, exist_ok=True)
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    for path in (file.parent, file):
        os.chown(path, USERS.get(user, 0), USERS.get(user, 0))
    return file


@pytest.mark.parametrize("user", ["root", "admin"])
@pytest.mark.parametrize("shell", ["dash", "bash --posix"])
def test_what_was_uploaded_is_roots_alone_before_it_runs(machine: Machine, user: str, shell: str) -> None:
    done = machine.prepare(user, shell)
    assert (done.returncode, done.stdout) == (0, "prepared\n"), done.stderr
    taken = machine.taken / "node" / machine.node.name
    files = {str(path.relative_to(taken)): path.read_bytes() for path in taken.rglob("*") if path.is_file()}
    assert files == unbundled(machine.node.content)
    for path in (machine.taken, taken, *taken.rglob("*")):
        assert path.stat().st_uid == 0
        assert not path.stat().st_mode & 0o077, path
    assert (machine.taken / "node/current").readlink() == Path(machine.node.name)
    assert keys(machine, user).read_text(encoding="utf-8") == f"{KEY}\n"
    assert keys(machine, user).stat().st_uid == USERS.get(user, 0)


def test_bash_takes_a_bundle_apart_as_dash_does(machine: Machine) -> None:
    odd = bundle("node", {"a": b"\n1 b\n\0\xff", "b/c": b"", "b/d/e": b"x" * 100_000})
    for shell in ("dash", "bash"):
        line = odd.take_over(machine.host(), machine.name, first=True).replace(" sh -c ", f" {shell} -c ", 1)
        machine.upload(odd)
        assert machine.run(line).returncode == 0
        taken = machine.taken / "node" / odd.name
        assert {str(p.relative_to(taken)): p.read_bytes() for p in taken.rglob("*") if p.is_file()} == unbundled(
            odd.content
        )
        assert machine.run("rm -rf /var/lib/stretched-uploads").returncode == 0


def test_one_byte_that_is_another_and_nothing_is_run(machine: Machine) -> None:
    letter = machine.upload(machine.node, "admin")
    letter.write_bytes(letter.read_bytes().replace(b'say "prepared"', b'say "pwned!!!"', 1))
    done = machine.run(machine.prepare_line("admin"), "admin")
    assert done.returncode == 1
    assert done.stderr.endswith("the upload is not what Pulumi named\n")
    assert done.stdout == ""
    assert not list((machine.taken / "node").iterdir())
    assert not keys(machine, "admin").exists()


def test_an_upload_that_is_a_link_is_read_for_what_it_leads_to_and_refused(machine: Machine) -> None:
    letter = machine.upload(machine.node, "admin")
    letter.unlink()
    letter.symlink_to("/etc/passwd")
    assert machine.run(machine.prepare_line("admin"), "admin").returncode == 1
    assert not list((machine.taken / "node").iterdir()), "nothing of the file stays either"


def test_what_was_taken_over_does_not_need_the_upload_any_more(machine: Machine) -> None:
    assert machine.prepare("admin").returncode == 0
    (machine.root / "home/admin" / HOST_DIRECTORY / machine.node.upload_path(machine.name)).write_bytes(b"whatever")
    assert machine.run(machine.prepare_line("admin"), "admin").stdout == "prepared\n"


@pytest.mark.parametrize("target", ["/etc/cron.daily", "/root/.ssh"])
def test_an_ordinary_user_who_plays_an_earlier_login_gets_nothing(machine: Machine, target: str) -> None:
    root_keys = give_keys(machine, "root", "ssh-ed25519 BBBB root's own")
    (machine.root / "etc/cron.daily/own").touch()
    machine.run(f"mkdir -p .stretched/node && : >.stretched/node/prepare.sh && ln -s {target} .ssh", "mallory")
    done = machine.prepare()
    assert done.returncode == 0, done.stderr
    assert [path.name for path in (machine.root / "etc/cron.daily").iterdir()] == ["own"]
    assert root_keys.read_text(encoding="utf-8") == f"ssh-ed25519 BBBB root's own\n{KEY}\n"
    assert root_keys.stat().st_uid == 0
    assert (machine.root / "home/mallory/.stretched/node/prepare.sh").exists(), "that home is not ours to enter"


@pytest.mark.parametrize("target", ["/etc/cron.daily", "/root/.ssh"])
def test_a_login_user_whose_ssh_directory_leads_elsewhere_gets_no_further_than_himself(
    machine: Machine, target: str
) -> None:
    root_keys = give_keys(machine, "root", "ssh-ed25519 BBBB root's own")
    machine.run(f"ln -s {target} /home/admin/.ssh && chown -h admin: /home/admin/.ssh")
    assert machine.prepare("admin").returncode != 0
    assert not list((machine.root / "etc/cron.daily").iterdir())
    assert root_keys.read_text(encoding="utf-8") == "ssh-ed25519 BBBB root's own\n"


def test_an_earlier_login_user_keeps_nothing_of_ours_and_all_of_his_own(machine: Machine) -> None:
    his = give_keys(machine, "admin", "ssh-ed25519 CCCC his own")
    assert machine.prepare("admin").returncode == 0
    assert his.read_text(encoding="utf-8") == f"ssh-ed25519 CCCC his own\n{KEY}\n"
    assert machine.prepare().returncode == 0
    assert his.read_text(encoding="utf-8") == "ssh-ed25519 CCCC his own\n"
    assert stat.S_IMODE(his.stat().st_mode) == 0o600
    assert not (machine.root / "home/admin/.stretched").exists()
    assert (machine.taken / "logins").read_text(encoding="utf-8") == "root\n"


def test_an_earlier_login_user_cannot_turn_that_against_root(machine: Machine) -> None:
    root_keys = give_keys(machine, "root", "ssh-ed25519 BBBB root's own")
    assert machine.prepare("admin").returncode == 0
    machine.run("cd /home/admin && rm -rf .ssh .stretched && ln -s /root/.ssh .ssh && ln -s /root .stretched")
    done = machine.prepare()
    assert done.returncode == 0, done.stderr
    assert root_keys.read_text(encoding="utf-8") == f"ssh-ed25519 BBBB root's own\n{KEY}\n"
    assert (machine.root / "root/.stretched").exists()


def test_a_home_that_cannot_be_entered_is_tried_again_by_the_next_run(machine: Machine) -> None:
    his = give_keys(machine, "admin", "ssh-ed25519 CCCC his own")
    assert machine.prepare("admin").returncode == 0
    (machine.root / "home/admin").rename(machine.root / "away")
    done = machine.prepare()
    assert "the home of admin cannot be entered" in done.stderr
    assert done.stdout == "prepared\n"
    (machine.root / "away").rename(machine.root / "home/admin")
    assert machine.prepare().returncode == 0
    assert his.read_text(encoding="utf-8") == "ssh-ed25519 CCCC his own\n"
    assert (machine.taken / "logins").read_text(encoding="utf-8") == "root\n"


def test_hosts_that_share_a_home_get_their_own_files_and_keep_the_key_until_the_last_one_leaves(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    hosts = [
        Machine(
            tmp_path / name, f"{name}.example.org", shared, {"wg0.public.conf": f"# {name}\nListenPort = 1\n"}
        ).make()
        for name in ("a", "b")
    ]
    for host in hosts:
        host.upload(host.node, "admin")
    for host in hosts:
        assert host.run(host.prepare_line("admin"), "admin").returncode == 0
    for host in hosts:
        taken = host.taken / "node/current/wg0.public.conf"
        assert taken.read_text(encoding="utf-8").startswith(f"# {host.root.name}\n")
    one, other = hosts
    assert one.run(PREPARE.line_for_delete(one.host("admin"), one.name), "admin").returncode == 0
    assert not one.taken.exists()
    assert keys(other, "admin").read_text(encoding="utf-8") == f"{KEY}\n"
    assert [path.name for path in (shared / "admin/.stretched/nodes").iterdir()] == ["b.example.org"]
    assert other.run(PREPARE.line_for_delete(other.host("admin"), other.name), "admin").returncode == 0
    assert keys(other, "admin").read_text(encoding="utf-8") == ""
    assert not (shared / "admin/.stretched").exists()


def test_a_removal_whose_answer_was_lost_can_be_repeated(machine: Machine) -> None:
    assert machine.prepare().returncode == 0
    removal = PREPARE.line_for_delete(machine.host(), machine.name)
    assert machine.run(removal).returncode == 0
    assert machine.run(removal).returncode == 0
    assert not list((machine.root / "var/lib").iterdir())
    assert not (machine.root / "root/.stretched").exists()


def test_earlier_uploads_go_where_they_came_to_and_where_root_took_them(machine: Machine) -> None:
    assert machine.prepare("admin").returncode == 0
    (machine.taken / "node" / f"{machine.node.name}.Ab12Cd").mkdir()  # a run that was killed
    later = replace(machine, files={"failover.conf": "# other\n"})
    assert later.prepare("admin").returncode == 0
    assert {path.name for path in (machine.taken / "node").iterdir()} == {later.node.name, "current"}
    assert not (machine.taken / "node/current/gone").exists()
    home = machine.root / "home/admin/.stretched/nodes" / machine.name / "node"
    assert [path.name for path in home.iterdir()] == [later.node.name]


def test_a_run_that_fails_leaves_what_is_in_force(machine: Machine) -> None:
    assert machine.prepare().returncode == 0
    machine.stub("systemctl", "exit 1")
    later = replace(machine, files={"failover.conf": "# other\n"})
    assert later.prepare().returncode == 1
    assert (machine.taken / "node/current").readlink() == Path(machine.node.name)
    assert (machine.taken / "node" / machine.node.name / "prepare.sh").exists()


def test_uploads_of_the_first_layout_go_once_all_commands_have_left_it(machine: Machine) -> None:
    machine.run(
        "cd /home/admin && mkdir -p .stretched/node .stretched/playbooks && : >.stretched/node/prepare.sh && chown -R admin: ."
    )
    machine.run("mkdir -p /root/.stretched/node && : >/root/.stretched/node/prepare.sh")
    assert machine.prepare("admin").returncode == 0
    assert (machine.root / "home/admin/.stretched/node/prepare.sh").exists(), (
        "the state's delete lines may still name it"
    )
    machine.run(". /var/lib/stretched-uploads/node/current/lib.sh; here=/var/lib/stretched-uploads/node/current; "
                ". $here/homes.sh; as_user admin forget_first_layout")  # fmt: skip
    assert [path.name for path in (machine.root / "home/admin/.stretched").iterdir()] == ["nodes"]
    assert (machine.root / "root/.stretched/node/prepare.sh").exists()
    assert 'as_user "$login" forget_first_layout' in unbundled(machine.node.content)["tunnel.sh"].decode()
    assert TUNNEL.kind == "node"


def test_python_of_roots_imports_nothing_from_the_home_that_it_is_called_in(machine: Machine) -> None:
    assert machine.prepare("admin").returncode == 0
    machine.run(
        'cd /home/admin && echo \'open("/root/owned", "w")\' | tee select.py json.py >socket.py && chown admin: *.py'
    )
    done = machine.run("sudo -n sh /var/lib/stretched-uploads/node/current/measure.sh </dev/null", "admin")
    assert "the measurement ended with an error" in done.stdout
    assert "json.loads" in done.stderr, "its own module ran, and had no plan to read"
    done = machine.run(
        'echo \'{"do": "x"}\' | PYTHONPATH=/home/admin sudo -n sh /var/lib/stretched-uploads/node/current/agent.sh',
        "admin",
    )
    assert "KeyError: 'x'" in done.stderr
    assert not (machine.root / "root/owned").exists()


def test_what_another_run_takes_over_meanwhile_stays(machine: Machine) -> None:
    """It waits for the lock of this one."""
    assert machine.prepare("admin").returncode == 0
    later = replace(machine, files={"failover.conf": "# other\n"})
    take = later.node.take_over(later.host("admin"), later.name)
    machine.stub("systemctl", f"cd /home/admin && {take}")
    later.upload(later.node, "admin")
    assert machine.prepare("admin").returncode == 0
    assert (machine.taken / "node/current").readlink() == Path(machine.node.name)
    assert (machine.taken / "node" / later.node.name / "prepare.sh").exists()

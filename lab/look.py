"""The view after `make up`: the cluster's nodes as seen from the operator's place, and commands to try next."""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from lab.layout import DEFAULT_TOPOLOGY, Layout
from lab.topology_file import load

NEXT = """
Next:
  python -m lab status                                          the lab's hosts
  python -m lab exec uvic001 -- wg show wg0                     one host's tunnels
  python -m lab run kubectl --kubeconfig {kubeconfig} get pods -A -o wide
  python -m lab run pulumi stack output readme                  what was declared, as a table
  python -m lab run pulumi preview --diff                       edit Pulumi.{stack}.yaml first
  make test    make down    docs/guide.md: from the lab to your own hosts
(`python` is .venv/bin/python)"""


def run(*command: str) -> str:
    """Return the output of a command in the operator's place. Raises CalledProcessError when it fails."""
    line = [sys.executable, "-m", "lab", "run", *command]
    return subprocess.run(line, check=True, stdout=subprocess.PIPE, text=True).stdout


def save_kubeconfig(stack: str, target: Path) -> None:
    """Write the stack's kubeconfig, which is secret, with mode 0600."""
    text = run("pulumi", "stack", "output", "kubeconfig", "--show-secrets", "--stack", stack)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def ready_nodes(kubeconfig: Path) -> set[str]:
    """Return the names of the nodes whose condition Ready is true."""
    nodes = json.loads(run("kubectl", "--kubeconfig", str(kubeconfig), "get", "nodes", "-o", "json"))["items"]
    return {
        node["metadata"]["name"]
        for node in nodes
        if any(state["type"] == "Ready" and state["status"] == "True" for state in node["status"]["conditions"])
    }


def main() -> int:
    """Print the nodes; return 1 when a declared node is not Ready."""
    parser = argparse.ArgumentParser(prog="python -m lab.look", description=__doc__)
    parser.add_argument("stack")
    stack = parser.parse_args().stack
    kubeconfig = Layout(load(DEFAULT_TOPOLOGY).name).access / "kubeconfig"
    try:
        save_kubeconfig(stack, kubeconfig)
        declared = set(json.loads(run("pulumi", "stack", "output", "nodes", "--json", "--stack", stack)))
        print(run("kubectl", "--kubeconfig", str(kubeconfig), "get", "nodes", "-L", "site,institution"), flush=True)
        missing = declared - ready_nodes(kubeconfig)
    except subprocess.CalledProcessError as error:
        print(f"error: {error.cmd[4:]} failed (see above)", file=sys.stderr)
        return 1
    if missing:
        print(f"error: not Ready: {', '.join(sorted(missing))}", file=sys.stderr)
        return 1
    print(NEXT.format(kubeconfig=kubeconfig.relative_to(Path.cwd()), stack=stack))
    return 0


if __name__ == "__main__":
    sys.exit(main())

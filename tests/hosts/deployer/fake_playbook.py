"""Stands for ansible-playbook: notes how it was called and what it found, and fails, is killed or hands over by orders.

In the directory above the deployer's state, `orders.json` says what to do, and `runs` gets a line of JSON for each call.
The calls of logins.yml, which changes nothing, are noted in `logins` instead.
"""

import argparse
import json
import os
import signal
import sys
from pathlib import Path


def main() -> int:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("-b", action="store_true", required=True, dest="become")
    parser.add_argument("-i", action="append", required=True, dest="inventories")
    parser.add_argument("-e", action="append", default=[], dest="variables")
    parser.add_argument("--limit", default="")
    parser.add_argument("playbook", type=Path)
    words = parser.parse_args()

    variables = [json.loads(word) for word in words.variables if not word.startswith("@")]
    order, hosts = map(Path, words.inventories)
    applied, root = order.parents[1] / "applied.json", order.parents[2]
    run = {
        "playbook": words.playbook.name,
        "directory": str((Path.cwd() / words.playbook).parent.resolve()),
        "inventory": order.parent.name,
        "limit": words.limit,
        "variables": {name: value for given in variables for name, value in given.items()},
        "files": {word[1:]: Path(word[1:]).read_text("utf-8") for word in words.variables if word.startswith("@")},
        "words": sys.argv,
        "groups": json.loads(order.read_text(encoding="utf-8")),
        "hosts": hosts.read_text(encoding="utf-8"),
        "applied": json.loads(applied.read_text(encoding="utf-8")) if applied.exists() else None,
        "stdin": sys.stdin.read(),
    }
    orders = json.loads((root / "orders.json").read_text(encoding="utf-8"))
    trial = words.playbook.name == "logins.yml"
    with (root / ("logins" if trial else "runs")).open("a", encoding="utf-8") as out:
        out.write(json.dumps(run) + "\n")
    if trial:
        return 4 if orders["failing"] == "logins.yml" else 0

    number = len((root / "runs").read_text(encoding="utf-8").splitlines())
    if number == orders["killed"]:
        os.killpg(0, signal.SIGKILL)
    if orders["known_elsewhere"] and words.playbook.name == "adopt.yml":
        Path(run["variables"]["adopted"]).write_text(orders["known_elsewhere"], encoding="ascii")
    if orders["secrets_meanwhile"]:
        (root / "state" / "secrets.json").write_text(json.dumps(orders["secrets_meanwhile"]), encoding="utf-8")
    # What fails in a removal is the reset of the node.
    return 2 if words.playbook.name == orders["failing"] and run["variables"].get("reset_nodes", True) else 0


if __name__ == "__main__":
    sys.exit(main())

"""`make bench`: times beside a floor and a peer, in the same run; medians of several rounds.

The playbooks' settings are in tests/bench/playbooks.py, services in tests/bench/services.py. Here it is the program's
preview:

floor  an empty program: the engine's own time
peer   the mesh as one would first write it (tests/bench/peer): no preparation, verification, cluster or order
ours   the program, with the example's sites and more workers
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import yaml

from tests.bench import playbooks, services
from tests.support.examples import TREE, with_workers
from tests.support.program import run_program
from tools import pulumi

SIZES = (7, 16, 32, 64)
ROUNDS = 3
HERE = Path(__file__).parent


def preview_seconds(program: Path, config: Mapping[str, object], environment: dict[str, str]) -> float:
    """Return the median wall time of `pulumi preview`, seconds."""
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory, "project")
        place.mkdir()
        for file in program.iterdir():
            if not file.name.startswith("Pulumi.") or file.name == "Pulumi.yaml":
                (place / file.name).symlink_to(file)
        project = yaml.safe_load((place / "Pulumi.yaml").read_text(encoding="utf-8"))["name"]
        values = {f"{project}:{name}": value for name, value in config.items()}
        (place / "Pulumi.bench.yaml").write_text(yaml.safe_dump({"config": values}, sort_keys=False), encoding="utf-8")
        own = {**environment, "PULUMI_BACKEND_URL": f"file://{directory}", "PYTHONPATH": str(TREE)}

        def run(*words: str) -> float:
            start = time.monotonic()
            command = ["pulumi", *words, "--stack", "bench", "--non-interactive"]
            subprocess.run(
                command, cwd=place, env=own, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            return time.monotonic() - start

        run("stack", "init")
        return statistics.median(run("preview") for _ in range(ROUNDS))


def registered_bytes(count: int) -> float:
    """Return what our program hands to the engine for each node, kilobytes: what the state is made of."""
    with tempfile.TemporaryDirectory() as directory:
        found = run_program(with_workers(count - 7), Path(directory))
    return sum(len(repr(resource)) for resource in found.values()) / count / 1000


def main() -> int:
    """Print the tables."""
    environment = {**pulumi.environment(), "PULUMI_CONFIG_PASSPHRASE": "bench"}
    print(f"pulumi preview, seconds, median of {ROUNDS}; load average {os.getloadavg()[0]:.1f}")
    print(f"{'nodes':>6} {'floor':>8} {'peer':>8} {'ours':>8} {'ours, kB a node':>16}", flush=True)
    for count in SIZES:
        floor = preview_seconds(HERE / "floor", {}, environment)
        peer = preview_seconds(HERE / "peer", {"nodes": count}, environment)
        ours = preview_seconds(TREE, with_workers(count - 7), environment)
        print(f"{count:>6} {floor:>8.2f} {peer:>8.2f} {ours:>8.2f} {registered_bytes(count):>16.1f}", flush=True)
    print(flush=True)
    playbooks.main()
    print(flush=True)
    services.main()
    return 0


if __name__ == "__main__":
    sys.exit(main())

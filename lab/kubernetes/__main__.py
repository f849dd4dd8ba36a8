"""`python -m lab.kubernetes [VERSION]`: build the mirror directory of a Kubernetes version, and list it."""

import argparse
import sys

from lab.kubernetes.mirror import ensure
from tools.errors import ToolError
from tools.pins import pins


def main() -> int:
    """Print each file with its size in MiB; return 1 after an error message when a build fails."""
    parser = argparse.ArgumentParser(prog="python -m lab.kubernetes", description=__doc__)
    parser.add_argument("version", nargs="?", default=pins().kubernetes, help="without a leading v (%(default)s)")
    try:
        mirror = ensure(parser.parse_args().version)
    except ToolError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for path in sorted(path for path in mirror.rglob("*") if path.is_file()):
        print(f"{path.stat().st_size / 2**20:8.1f} MiB  {path.relative_to(mirror)}")
    print(mirror)
    return 0


if __name__ == "__main__":
    sys.exit(main())

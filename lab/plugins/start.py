"""Start of a plug-in from its wrapper in ``bin``, with unchanged working directory and environment.

Both are those of the Pulumi program: paths of assets are relative to the first, and local commands inherit the second.
``python -m`` would need PYTHONPATH, so this file puts the tree on the module path itself.
"""

import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    runpy.run_module(f"lab.plugins.{sys.argv.pop(1)}", run_name="__main__", alter_sys=True)

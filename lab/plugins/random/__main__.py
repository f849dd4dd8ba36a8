"""Entry point of the plug-in ``random``."""

from lab.plugins.random.plugin import Random
from lab.plugins.server import main

main(Random)

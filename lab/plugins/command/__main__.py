"""Entry point of the plug-in ``command``."""

from lab.plugins.command.plugin import Command
from lab.plugins.server import main

main(Command)

"""The floor: a program that declares nothing. What it takes is the engine's and the language host's own time."""

import pulumi

pulumi.export("nothing", 0)

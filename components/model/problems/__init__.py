"""Mistakes in a configuration, and changes that are refused. The deployer has this package, too."""

from components.model.problems.problem import ConfigError, Problem, Problems, printable, shown

__all__ = ("ConfigError", "Problem", "Problems", "printable", "shown")

"""What is wrong with a configuration, or cannot be done to a cluster. The deployer has this package too."""

from components.model.problems.problem import ConfigError, Problem, Problems, printable, shown

__all__ = ("ConfigError", "Problem", "Problems", "printable", "shown")

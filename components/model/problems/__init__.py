"""What is wrong with a configuration, or cannot be done to a cluster. The deployer has this package too."""

from components.model.problems.problem import ConfigError, Problem, Problems, shown

__all__ = ("ConfigError", "Problem", "Problems", "shown")

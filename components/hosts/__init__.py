"""Programs that run on hosts: shell scripts, the deployer's side of a run, and the measurement of paths."""

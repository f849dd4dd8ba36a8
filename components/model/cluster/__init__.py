"""What the cluster is to be: variables, inventory, the declared state."""

"""The Kubernetes cluster as a Pulumi component, and its changes since the last run."""

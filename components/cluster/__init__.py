"""The Kubernetes cluster as Pulumi sees it."""

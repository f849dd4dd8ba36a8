"""Kubernetes for air-gapped labs: binaries built from Go modules, and container images made from them."""

from lab.kubernetes.mirror import ensure

__all__ = ["ensure"]

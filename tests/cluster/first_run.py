"""What the `pulumi up` that makes the cluster showed, kept for the tests of secrets; the fixture `cluster` fills it."""

SEEN: set[str] = set()
"""Command lines and environments of all processes, on all hosts, during `pulumi up`."""
OUTPUT: list[str] = []
"""What `pulumi up` printed."""

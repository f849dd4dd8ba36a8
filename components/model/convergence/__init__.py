"""The steps from the applied to the declared state of a cluster.

The same code runs in Pulumi, for the preview, and on the deployer, which decides: standard library only.
"""

"""From what a cluster is to what it shall be.

The same code runs where Pulumi runs, for the preview, and on the deployer, which decides: standard library only.
"""

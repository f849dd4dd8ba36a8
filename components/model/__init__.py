"""What is true without Pulumi: parse, validate, address, connect, render. Nothing here imports pulumi."""

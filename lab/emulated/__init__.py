"""Hosts of `kind: machine`: each is an emulated machine (qemu) with a kernel of its own."""

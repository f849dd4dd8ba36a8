"""The form of each kind of value.

A string of one of these kinds is plain data to every later reader: shells, ssh, wg-quick, nft, HAProxy, git, Ansible's
templates, YAML. It is ASCII where the reader needs that.
"""

"""What a value of each kind may look like.

A text that is of a kind is only data to whatever reads it later: shells, ssh, wg-quick, nft, HAProxy, git, Ansible's
templates, YAML. It is ASCII where the reader is.
"""

"""The plug-ins ``command`` and ``random`` for air-gapped labs, on the gRPC protocol of Pulumi's resource plug-ins.

They replace the official ones where only package registries can be reached, answer like them (tests/plugins replays
recorded exchanges), and log a message when used.
"""

"""The plug-in ``command``: remote.Command, remote.CopyToRemote, local.Command and local.run."""

"""Set-up of the toolchain: pinned versions, builds, downloads and their cache."""

"""Parts of this stack's own program: its configuration, its documents, its outputs."""

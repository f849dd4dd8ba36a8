"""What only this stack's program does: its configuration, and what it writes for people."""

"""From what is declared to its problems."""

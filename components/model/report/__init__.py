"""Text for people. Nothing is decided here."""

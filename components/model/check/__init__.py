"""Checks of a specification: they report problems, each with its path."""

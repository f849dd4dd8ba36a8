"""The plug-in ``random``: RandomPassword and RandomBytes."""

"""The type of what writes an executable script for a test."""

from collections.abc import Callable
from pathlib import Path

Script = Callable[[str, str], Path]

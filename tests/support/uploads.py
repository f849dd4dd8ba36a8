"""What a program that ran in a directory rendered for upload."""

from pathlib import Path

from components.remote.bundles import unbundled


def uploaded_files(place: Path, node: str, kind: str = "node") -> dict[str, str]:
    """Return the files of a node's bundle of a kind, of the last run in `place`; empty where there is none."""
    found = list(place.glob(f".stretched/test/uploads/*/nodes/{node}/{kind}/*"))
    if not found:
        return {}
    newest = max(found, key=lambda path: path.parents[3].stat().st_mtime_ns)
    return {name: content.decode() for name, content in unbundled(newest.read_bytes()).items()}

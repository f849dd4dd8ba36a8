"""Pulumi's command line on a state of its own."""

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Engine:
    """Runs pulumi on a state of its own."""

    environment: dict[str, str]
    program: Path
    prefix: tuple[str, ...] = ()

    def __call__(self, *words: str, check: bool = True, stdin: str = "") -> subprocess.CompletedProcess[str]:
        command = [*self.prefix, "pulumi", *words, "--non-interactive"]
        done = subprocess.run(
            command,
            cwd=self.program,
            env=self.environment,
            text=True,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        assert not check or done.returncode == 0, f"{' '.join(words)}:\n{done.stdout}"
        return done

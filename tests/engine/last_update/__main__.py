"""A small program that reads what the state has of its last run, as the project's own program does."""

from pathlib import Path

import pulumi
from pulumi_command import local

from components.remote.last_update import last_update

config = pulumi.Config()
text = config.require("text")
broken = config.get("breaks")
if broken:
    Path(broken).write_text("{", encoding="utf-8")
before = last_update().outputs("command:local:Command", "ran")
pulumi.log.info(f"stdin as before: {before.get('stdin') == text}; printed before: {before.get('stdout')}")
local.Command(
    "ran",
    create="cat >/dev/null; echo done",
    stdin=pulumi.Output.secret(text),
    add_previous_output_in_env=False,
    logging=local.Logging.NONE,
    opts=pulumi.ResourceOptions(additional_secret_outputs=["stdin"]),
)

"""A small program that uses the resource types of ours, for tests of the real engine with either plug-ins."""

import pulumi
from pulumi_command import local, remote
from pulumi_random import RandomPassword

config = pulumi.Config()
seed = RandomPassword("seed", length=64, special=False, keepers={"rotation": config.require("rotation")})
connection = remote.ConnectionArgs(
    host=config.require("host"),
    host_key=config.require("hostKey"),
    private_key=config.require_secret("privateKey"),
    dial_error_limit=1,
    per_dial_timeout=30,
)
gate = local.Command("gate", create="true", stdin=config.require("text"), add_previous_output_in_env=False)
files = remote.CopyToRemote(
    "files",
    connection=connection,
    source=pulumi.FileArchive(config.require("source")),
    remote_path=config.require("directory"),
    opts=pulumi.ResourceOptions(depends_on=[gate]),
)
command = remote.Command(
    "command",
    connection=connection,
    create=gate.stdin.apply(lambda text: f"cat >{config.require('directory')}/secret; echo {text}"),
    delete=f"rm {config.require('directory')}/secret",
    stdin=seed.result,
    add_previous_output_in_env=False,
    logging=remote.Logging.NONE,
    opts=pulumi.ResourceOptions(depends_on=[files], additional_secret_outputs=["stdin"]),
)
pulumi.export("said", command.stdout)
pulumi.export("seed", seed.result)

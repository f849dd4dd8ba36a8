"""The image of Kubespray's balancer on every node, made of Debian's nginx and its stream module.

Kubespray mounts its own /etc/nginx, written for the official image: nothing in it loads the module or keeps nginx in
the foreground, and the official image's nginx runs as another user than the one that Debian's was compiled for. So the
entrypoint says these things.
"""

import re
import subprocess
from pathlib import Path

from lab.kubernetes import proxy_files
from lab.kubernetes.images import Image
from lab.kubespray import packages
from tools import debian
from tools.errors import ToolError

NAME = "docker.io/library/nginx"
_NGINX = "/usr/sbin/nginx"
_STREAM = "/usr/lib/nginx/modules/ngx_stream_module.so"
_LIBRARIES = ("libc6", "libcrypt1", "libgcc-s1", "libpcre2-8-0", "libssl3", "zlib1g")
# Loaded by the C library when a thread ends, so that no program lists it: without it workers abort instead of ending.
_UNLISTED = "libgcc_s.so.1"
_ENTRYPOINT = (_NGINX, "-g", f"load_module {_STREAM}; user nobody nogroup; daemon off;")
# Places compiled into Debian's nginx that an image of files alone does not have.
_LINKS = {
    "/var/lib/nginx": "/tmp",  # noqa: S108 - a path in the image
    "/var/log/nginx/access.log": "/dev/stdout",
    "/var/log/nginx/error.log": "/dev/stderr",
}


def image(architecture: str) -> Image:
    """Return the image, tagged with nginx's version; installs libraries of Debian that this machine lacks."""
    debian.ensure(_LIBRARIES)
    own = {
        _NGINX: packages.unpacked("nginx") / _NGINX.lstrip("/"),
        _STREAM: packages.unpacked("libnginx-mod-stream") / _STREAM.lstrip("/"),
    }
    found = proxy_files.libraries(own.values())
    unlisted = [path.with_name(_UNLISTED) for path in found if path.name.startswith("libc.so")]
    libraries = {str(path): path for path in (*found, *unlisted)}
    return Image(
        reference=f"{NAME}:{_version(own[_NGINX])}",
        entrypoint=_ENTRYPOINT,
        files={**own, **libraries},
        links=_LINKS,
        architecture=architecture,
    )


def _version(nginx: Path) -> str:
    said = subprocess.run([nginx, "-v"], capture_output=True, text=True, check=False).stderr
    if found := re.search(r"nginx/(\S+)", said):
        return found[1]
    message = f"{nginx} does not say its version: {said.strip()}"
    raise ToolError(message)

"""Image of Kubespray's load balancer on every node, made of Debian's nginx and its stream module.

Kubespray mounts its own /etc/nginx, which is written for the official image: it neither loads the module nor keeps
nginx in the foreground, and Debian's nginx is compiled for another user. The entrypoint therefore sets all three.
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
# The C library loads it when a thread ends, so no program lists it. Without it, workers abort.
_UNLISTED = "libgcc_s.so.1"
_ENTRYPOINT = (_NGINX, "-g", f"load_module {_STREAM}; user nobody nogroup; daemon off;")
# Paths compiled into Debian's nginx that the image does not have.
_LINKS = {
    "/var/lib/nginx": "/tmp",  # noqa: S108 - a path in the image
    "/var/log/nginx/access.log": "/dev/stdout",
    "/var/log/nginx/error.log": "/dev/stderr",
}


def image(architecture: str) -> Image:
    """Return the image, tagged with the version of nginx. Missing Debian libraries are installed."""
    debian.ensure(_LIBRARIES)
    own = {
        _NGINX: packages.unpacked("nginx") / _NGINX.lstrip("/"),
        _STREAM: packages.unpacked("libnginx-mod-stream") / _STREAM.lstrip("/"),
    }
    listed = proxy_files.libraries(own.values())
    unlisted = [path.with_name(_UNLISTED) for path in listed if path.name.startswith("libc.so")]
    libraries = {str(path): path for path in (*listed, *unlisted)}
    return Image(
        reference=f"{NAME}:{_version(own[_NGINX])}",
        entrypoint=_ENTRYPOINT,
        files={**own, **libraries},
        links=_LINKS,
        architecture=architecture,
    )


def _version(nginx: Path) -> str:
    output = subprocess.run([nginx, "-v"], capture_output=True, text=True, check=False).stderr
    if match := re.search(r"nginx/(\S+)", output):
        return match[1]
    message = f"{nginx} does not print its version: {output.strip()}"
    raise ToolError(message)

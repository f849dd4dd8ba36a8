import socket

import pytest

from tools import net


def test_a_closed_port_is_unreachable_with_the_reason() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(net.UnreachableError, match="Connection refused"):
        net.fetch_text(f"https://127.0.0.1:{port}/file")


def test_who_never_answers_is_given_up_in_time() -> None:
    unanswered = pytest.raises(net.UnreachableError, match="no answer from https://127")
    with socket.create_server(("127.0.0.1", 0)) as server, unanswered:  # without a limit it would not end
        net.fetch_text(f"https://127.0.0.1:{server.getsockname()[1]}/file", within=0.3)


def test_only_https_is_asked() -> None:
    with pytest.raises(net.UnreachableError, match="only https"):
        net.fetch_text("file:///etc/hostname")

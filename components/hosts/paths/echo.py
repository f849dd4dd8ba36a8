"""Echo requests (ICMP) of chosen sizes to many addresses at once. Needs root: a raw socket.

ping(8) has `-M probe`, which ignores the MTU of our own routes, but the oldest iputils on the hosts do not have it.
"""

from __future__ import annotations

import errno
import os
import select
import socket
import struct
import time
from collections.abc import Collection

OBEY, IGNORE = 2, 3
"""What our own routes' MTU means for a question, ip(7): IP_PMTUDISC_DO keeps to it, IP_PMTUDISC_PROBE does not.
Neither lets the packet be cut here or, by the flag DF, on the way."""
IP_MTU_DISCOVER = 10  # linux/in.h
SMALL = 64
"""Bytes of a packet that every path carries."""
WAITS = (0.3, 0.4, 0.8)
"""Seconds."""
_HEADERS = 28  # IPv4 and ICMP
_REQUEST, _REPLY = 8, 0
_TOO_BIG = {errno.EMSGSIZE}

Question = tuple[str, int]
"""An address, and the bytes of the whole IP packet."""


class Echo:
    """Sends requests and receives replies. A `with` statement closes it."""

    def __init__(self, mode: int) -> None:
        """`mode` is OBEY or IGNORE."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        self._socket.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, mode)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._socket.setblocking(False)
        self._identity = int.from_bytes(os.urandom(2), "big")
        self._sequence = 0

    def __enter__(self) -> Echo:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def ask(self, questions: Collection[Question], waits: Collection[float] = WAITS) -> dict[Question, float]:
        """Return the seconds until the reply to each question; a question without a reply is missing.

        A question without a reply is sent again after each wait (seconds) but the last.
        """
        answered: dict[Question, float] = {}
        requests: dict[int, tuple[Question, float]] = {}
        left = set(questions)
        for wait in waits:
            for question in sorted(left):
                sent = self._send(question)
                if sent is None:
                    left.discard(question)  # this host's own route or device does not take it: nor will it later
                elif sent:
                    requests[self._sequence] = question, time.monotonic()
                self._hear(requests, answered, 0)
            end = time.monotonic() + wait
            while left - answered.keys() and (rest := end - time.monotonic()) > 0:
                self._hear(requests, answered, rest)
            left -= answered.keys()
            if not left:
                break
        return answered

    def _send(self, question: Question) -> bool | None:
        """Tell whether the request went out; None: it is too big for this host's own route or device."""
        address, size = question
        self._sequence = self._sequence % 65535 + 1
        total = (_REQUEST << 8) + self._identity + self._sequence
        total = (total & 0xFFFF) + (total >> 16)
        checksum = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF  # RFC 1071; the data are zeros
        header = struct.pack("!BBHHH", _REQUEST, 0, checksum, self._identity, self._sequence)
        try:
            self._socket.sendto(header + bytes(size - _HEADERS), (address, 0))
        except OSError as error:
            return None if error.errno in _TOO_BIG else False
        return True

    def _hear(
        self, requests: dict[int, tuple[Question, float]], answered: dict[Question, float], seconds: float
    ) -> None:
        """Note what has come, having waited for the first of it."""
        if not select.select([self._socket], [], [], seconds)[0]:
            return
        while True:
            try:
                packet, (source, _) = self._socket.recvfrom(65535)
            except BlockingIOError:
                return
            header = (packet[0] & 15) * 4
            if len(packet) < header + 8:
                continue
            kind, _, _, identity, sequence = struct.unpack_from("!BBHHH", packet, header)
            if kind == _REPLY and identity == self._identity and sequence in requests:
                question, sent = requests[sequence]
                if source == question[0]:
                    answered.setdefault(question, time.monotonic() - sent)

"""What a service's socket for requests passes on to the connections that it accepts."""

import socket

from shared.process import listener
from shared.settings import Settings


def test_what_is_answered_waits_for_no_acknowledgement() -> None:
    settings = Settings(kafka="-", mongodb="-", jwks="-", token_issuer="-", token_audience="-", http_port=0)
    with listener(settings) as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

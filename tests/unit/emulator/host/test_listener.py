"""The account's socket is bound to one address, and a taken port names its holder."""

import os
import sys

import pytest

from emulator import listener


def test_it_listens_on_127_0_0_1_only():
    with listener.listen_on(0) as sock:
        assert sock.getsockname()[0] == "127.0.0.1"


@pytest.mark.skipif(sys.platform != "linux", reason="the holder is read from /proc")
def test_a_taken_port_names_its_holder():
    with listener.listen_on(0) as sock:
        port = sock.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            listener.listen_on(port)
        assert listener.holder_of(port).startswith(f"process {os.getpid()} (")

"""A selector that knows in one look what it was never told of."""

import selectors
import socket

import pytest

from connectors.broker.selecting import Selector


class Described(socket.socket):
    """A socket that nobody may describe: that asks the kernel twice."""

    def __repr__(self) -> str:
        raise AssertionError("it was described")


def test_what_is_not_registered_is_said_so_without_being_described() -> None:
    with Described() as stranger, Selector() as selector:
        with pytest.raises(KeyError):
            selector.get_key(stranger)
        selector.register(stranger, selectors.EVENT_READ, "data")
        assert selector.get_key(stranger).data == selector.get_key(stranger.fileno()).data == "data"
        selector.unregister(stranger)
        with pytest.raises(KeyError):
            selector.get_key(stranger)


def test_what_was_closed_while_it_was_registered_is_still_known() -> None:
    one, other = socket.socketpair()
    with other, Selector() as selector:
        selector.register(one, selectors.EVENT_READ, "data")
        one.close()

        assert selector.get_key(one).data == "data"
        assert selector.unregister(one).data == "data"

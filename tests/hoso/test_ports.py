"""Ports that are given out before anybody listens on them."""

import random

import pytest

from hoso import ports


def test_a_port_is_not_given_out_twice_although_nobody_listens_on_it_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    dice = iter([20_001, 20_001, 20_001, 20_002])
    monkeypatch.setattr(random, "randrange", lambda *_: next(dice))
    monkeypatch.setattr(ports, "is_free", lambda _: True)

    assert [ports.free_port(), ports.free_port()] == [20_001, 20_002]

"""Boards with programs of others."""

from __future__ import annotations

import pytest

from firmware.thirdparty import rust
from firmware.thirdparty.stm32f7xx_hal import build
from simulator import Board


@pytest.fixture(scope="session")
def built() -> str:
    """Why not all of the crate's examples are there; empty where they are."""
    try:
        build.build()
    except rust.RustError as error:
        return str(error)
    return ""


@pytest.fixture
def example(built):
    """example(name, settings...) -> an open Board that holds it; all are closed in the end."""
    opened = []

    def start(name: str, **settings: str | bool | int) -> Board:
        if not build.elf(name).exists():
            pytest.skip(built)
        opened.append(Board("stm32f746g-disco", build.elf(name), **settings))
        return opened[-1]

    yield start
    for board in opened:
        board.close()

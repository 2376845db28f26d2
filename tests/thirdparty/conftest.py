"""Boards with programs of others, and with ours on drivers of others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from firmware.thirdparty import rust
from firmware.thirdparty.programs import EMBASSY, RTIC1, RTIC1_HAL, RTIC2
from firmware.thirdparty.stm32f7xx_hal import build
from simulator import Board

Start = Callable[..., Board]


def _why(make: Callable[[], None]) -> str:
    """Why not everything is there; empty where it is."""
    try:
        make()
    except rust.RustError as error:
        return str(error)
    return ""


@pytest.fixture(scope="session")
def built() -> str:
    """Why not all of the crate's examples are there; empty where they are."""
    return _why(build.build)


@pytest.fixture(scope="session")
def embassy_built() -> str:
    return _why(EMBASSY.build)


@pytest.fixture(scope="session")
def rtic1_built() -> str:
    return _why(RTIC1.build)


@pytest.fixture(scope="session")
def rtic1_hal_built() -> str:
    return _why(RTIC1_HAL.build)


@pytest.fixture(scope="session")
def rtic2_built() -> str:
    return _why(RTIC2.build)


@pytest.fixture
def boards() -> Iterator[list[Board]]:
    """Those that a test has opened; all are closed in the end."""
    opened: list[Board] = []
    yield opened
    for board in opened:
        board.close()


def _starter(boards: list[Board], elf: Callable[[str], Path], reason: str) -> Start:
    """start(name, settings...) -> an open Board that holds it."""

    def start(name: str, **settings: str | bool | int) -> Board:
        if not elf(name).exists():
            pytest.skip(reason)
        boards.append(Board("stm32f746g-disco", elf(name), **settings))
        return boards[-1]

    return start


@pytest.fixture
def example(boards: list[Board], built: str) -> Start:
    return _starter(boards, build.elf, built)


@pytest.fixture
def example_as_cargo_runs_it(boards: list[Board], built: str) -> Start:
    """Unoptimised, where `example` is of the release profile."""
    return _starter(boards, partial(build.elf, profile=rust.DEV), built)


@pytest.fixture
def embassy(boards: list[Board], embassy_built: str) -> Start:
    return _starter(boards, EMBASSY.elf, embassy_built)


@pytest.fixture
def rtic1(boards: list[Board], rtic1_built: str) -> Start:
    return _starter(boards, RTIC1.elf, rtic1_built)


@pytest.fixture
def rtic1_hal(boards: list[Board], rtic1_hal_built: str) -> Start:
    return _starter(boards, RTIC1_HAL.elf, rtic1_hal_built)


@pytest.fixture
def rtic2(boards: list[Board], rtic2_built: str) -> Start:
    return _starter(boards, RTIC2.elf, rtic2_built)

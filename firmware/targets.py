"""What can be built: programs, networks, kernel sets, compilers and levels, and the names of their ELFs."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from firmware import sources
from firmware.compilers import Compiler, compilers
from firmware.fetch import ROOT
from firmware.networks.published import LABELS
from firmware.ninja import BuildError as BuildError

OUTPUT = ROOT / "build" / "firmware"

# What each set of kernels is made of: macros of firmware/tflm/kernels.cc.
KERNELS = {
    "reference": "-DUSE_CMSIS_NN=0 -DUSE_OURS=0",
    "cmsis_nn": "-DUSE_CMSIS_NN=1 -DUSE_OURS=1",
    "cmsis_nn_noours": "-DUSE_CMSIS_NN=1 -DUSE_OURS=0",
}
# Sets that differ from one of those in a single thing, so that its worth can be measured; their sources: sources.switched().
SWITCHED = {
    "reference_2020": f"{KERNELS['reference']} -DReference_CONV_2D=Crate_CONV_2D",
    "cmsis_nn_called": f"{KERNELS['cmsis_nn']} -DFast_ADD=Called_ADD -DFast_MUL=Called_MUL",
    "cmsis_nn_saturating": f"{KERNELS['cmsis_nn']} -DFast_ADD=Saturating_ADD",
}
PROGRAMS = {
    "image_recognition_test": sources.FIRMWARE / "image_recognition_test",
    "image_recognition_demo": sources.FIRMWARE / "image_recognition_demo",
}
TABLE_LEVELS = {"gcc10": "Os", "gcc12": "Os", "clang19": "Oz"}
TABLE_KERNELS = ("reference", "cmsis_nn")


@dataclass(frozen=True)
class Network:
    """`inputs` holds input tensors, one behind the other; `arena` is in bytes; no labels where nobody knows them."""

    model: Path
    inputs: Path
    labels: tuple[str, ...]
    arena: int


def made(name: str, arena: int, labels: tuple[str, ...] = LABELS) -> Network:
    """A network in build/networks, with its inputs in build/images."""
    build = ROOT / "build"
    return Network(build / "networks" / f"{name}.tflite", build / "images" / f"{name}-inputs.bin", labels, arena)


NETWORKS = {"published": made("published", 116 * 1024), "resnet8": made("resnet8", 72 * 1024)}


@dataclass(frozen=True)
class Options:
    platform: str = sources.PLATFORMS[0]
    images: int = 3
    networks: dict[str, Network] = field(default_factory=lambda: dict(NETWORKS))

    @property
    def folder(self) -> Path:
        return OUTPUT if self.platform == sources.PLATFORMS[0] else OUTPUT / self.platform


@dataclass(frozen=True)
class Target:
    """One ELF."""

    program: str
    network: str
    kernels: str
    compiler: Compiler
    level: str

    @property
    def name(self) -> str:
        return "-".join((self.program, self.network, self.kernels, self.compiler.name, self.level))


def parse(name: str, options: Options) -> Target:
    parts = name.removesuffix(".elf").split("-")
    if len(parts) != 5:
        raise BuildError(f"{name} is not PROGRAM-NETWORK-KERNELS-COMPILER-LEVEL")
    program, network, kernels, compiler, level = parts
    known = compilers()
    choices = (
        ("program", program, PROGRAMS),
        ("network", network, options.networks),
        ("set of kernels", kernels, {**KERNELS, **SWITCHED}),
        ("compiler", compiler, known),
        ("level", level, known[compiler].levels if compiler in known else ()),
    )
    for what, value, allowed in choices:
        if value not in allowed:
            raise BuildError(f"{name} names the {what} {value}: there are {', '.join(allowed)}")
    return Target(program, network, kernels, known[compiler], level)


def table(networks: tuple[str, ...]) -> Iterator[Target]:
    """The rows of the table: each compiler at its level."""
    known = compilers()
    for network in networks:
        for name, level in TABLE_LEVELS.items():
            for kernels in TABLE_KERNELS:
                yield Target("image_recognition_test", network, kernels, known[name], level)


def levels(networks: tuple[str, ...]) -> Iterator[Target]:
    """The table's kernels by each compiler at each of its levels, those that take longest first."""
    for kernels in TABLE_KERNELS:
        for network in networks:
            for compiler in compilers().values():
                for level in compiler.levels:
                    yield Target("image_recognition_test", network, kernels, compiler, level)


def everything(networks: tuple[str, ...]) -> Iterator[Target]:
    for network in networks:
        for compiler in compilers().values():
            for level in compiler.levels:
                for kernels in KERNELS:
                    yield Target("image_recognition_test", network, kernels, compiler, level)

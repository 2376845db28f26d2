"""Builds the firmware: `python -m firmware.build` makes the table's ELFs, or the targets that are named.

Targets are `table`, `all`, or ELFs by name, PROGRAM-NETWORK-KERNELS-COMPILER-LEVEL, such as
image_recognition_test-resnet8-cmsis_nn-clang19-O2. The ELFs land in build/firmware, those for another platform in a
folder of its name there. IMAGES=folder in the environment compiles that folder's pictures in.
"""

import argparse
import re
import sys
from pathlib import Path

from firmware import edges, files, sources, targets
from firmware.fetch import fetch
from firmware.networks import images, make
from firmware.networks.model import inputs as model_inputs
from firmware.ninja import BuildError, Graph, relative
from firmware.pip import FetchError
from firmware.targets import Network, Options, Target

DEMO_IMAGES = 3
LARGEST_ARENA = 216 * 1024  # beside a stack of 64 KiB, statics, and a heap for what CMSIS-NN needs for each channel


def build(names: list[str], options: Options) -> list[Path]:
    """The ELFs of the targets that are named, built where something changed."""
    fetch()
    make.refresh()
    wanted = present([target for name in names for target in _expand(name, options)])
    graph = Graph()
    elfs = [edges.program(graph, target, options) for target in wanted]
    graph.build(targets.OUTPUT / "build.ninja", elfs)
    return elfs


def _expand(name: str, options: Options) -> list[Target]:
    networks = tuple(options.networks)
    if name == "table":
        return list(targets.table(networks))
    if name == "all":
        return list(targets.everything(networks))
    return [targets.parse(name, options)]


def present(wanted: list[Target]) -> list[Target]:
    """The targets whose compilers are there; says which are not."""
    absent = {target.compiler.name: target.compiler for target in wanted if not target.compiler.present}
    for compiler in absent.values():
        print(f"firmware: builds with {compiler.name} are left out: {compiler.origin}", file=sys.stderr)
    return [target for target in wanted if target.compiler.name not in absent]


def options(arguments: argparse.Namespace) -> Options:
    pictures = len(images.pictures()) if images.folder() else DEMO_IMAGES
    networks = _adopted(Path(arguments.model)) if arguments.model else dict(targets.NETWORKS)
    return Options(arguments.platform, arguments.images or pictures, networks)


def _adopted(model: Path) -> dict[str, Network]:
    """The network of a file, copied with inputs for it to where those of the project are."""
    name = re.sub(r"\W", "_", model.stem)
    if name in targets.NETWORKS:
        raise BuildError(f"the project has a network {name} already: give {model} another name")
    network = targets.made(name, LARGEST_ARENA, labels=())
    inputs = model_inputs(model)
    files.write(network.model, model.read_bytes())
    files.write(network.inputs, inputs)
    return {name: network}


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="firmware.build", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("targets", nargs="*", default=["table"])
    parser.add_argument("--platform", choices=sources.PLATFORMS, default=sources.PLATFORMS[0])
    parser.add_argument(
        "--images", type=int, help=f"images that a program classifies (default {DEMO_IMAGES}, or all of IMAGES)"
    )
    parser.add_argument("--model", metavar="TFLITE", help="build with this network instead of the project's")
    parser.add_argument("--list", action="store_true", help="print the ELFs' paths alone")
    return parser


def main() -> int:
    arguments = parser().parse_args()
    try:
        elfs = build(arguments.targets, options(arguments))
    except (BuildError, FetchError) as error:
        print(f"firmware: {error}", file=sys.stderr)
        return 1
    for elf in elfs:
        print(relative(elf) if arguments.list else f"{elf.stat().st_size:>9}  {relative(elf)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

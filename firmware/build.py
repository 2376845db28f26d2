"""Builds the firmware: `python -m firmware.build` makes the four rows of the table, or the targets that are named.

Targets are `table`, `all`, or ELFs by name, PROGRAM-NETWORK-KERNELS-COMPILER-LEVEL, such as
image_recognition_test-resnet8-cmsis_nn-clang19-O2. The ELFs land in build/firmware, those for another platform in a
folder of its name there.
"""

import argparse
import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

from firmware import edges, sources, targets
from firmware.fetch import ROOT, FetchError, fetch
from firmware.networks import make
from firmware.ninja import Graph, relative
from firmware.targets import BuildError, Network, Options, Target


def build(names: list[str], options: Options) -> list[Path]:
    """The ELFs of the targets that are named, built where something changed."""
    fetch()
    _make_networks(options)
    wanted = _present([target for name in names for target in _expand(name, options)])
    graph = Graph()
    elfs = [edges.program(graph, target, options) for target in wanted]
    _ninja(graph, elfs)
    return elfs


def _expand(name: str, options: Options) -> list[Target]:
    networks = tuple(options.networks)
    if name == "table":
        return list(targets.table(networks[:1], ("reference", "cmsis_nn"), ("gcc12", "clang19")))
    if name == "all":
        return list(targets.everything(networks))
    return [targets.parse(name, options)]


def _present(wanted: list[Target]) -> list[Target]:
    """The targets whose compilers are there; says which are not."""
    absent = {target.compiler.name: target.compiler for target in wanted if not target.compiler.present}
    for compiler in absent.values():
        print(f"firmware: {compiler.name} is left out: there is no {compiler.program}", file=sys.stderr)
    return [target for target in wanted if target.compiler.name not in absent]


def _make_networks(options: Options) -> None:
    for name, network in options.networks.items():
        if not (network.model.exists() and network.inputs.exists()):
            if name not in targets.NETWORKS:
                raise BuildError(f"there is no {network.model} or no {network.inputs}")
            make.make()


def _ninja(graph: Graph, elfs: list[Path]) -> None:
    if shutil.which("ninja") is None:
        raise BuildError("ninja is not installed")
    targets.OUTPUT.mkdir(parents=True, exist_ok=True)
    file = targets.OUTPUT / "build.ninja"
    with (targets.OUTPUT / ".lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        file.write_text(graph.text())
        if subprocess.run(["ninja", "--quiet", "-f", file, *map(relative, elfs)], cwd=ROOT).returncode:
            raise BuildError("the build failed: the compiler's words are above")


def _options(arguments: argparse.Namespace) -> Options:
    options = Options(arguments.platform, arguments.images)
    if arguments.model:
        model = Path(arguments.model).resolve()
        inputs = Path(arguments.inputs or targets.NETWORKS["published"].inputs).resolve()
        named = {model.stem.replace("-", "_"): Network(model, inputs, arena=arguments.arena * 1024)}
        options = Options(arguments.platform, arguments.images, named | options.networks)
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="firmware.build", description=__doc__.splitlines()[0])
    parser.add_argument("targets", nargs="*", default=["table"])
    parser.add_argument("--platform", choices=sources.PLATFORMS, default=sources.PLATFORMS[0])
    parser.add_argument("--images", type=int, default=3, help="images that a program classifies")
    parser.add_argument("--model", help="a .tflite file to build with, in the table's place of the published network")
    parser.add_argument("--inputs", help="that network's input tensors, one behind the other")
    parser.add_argument("--arena", type=int, default=240, help="that network's arena, in KiB")
    return parser


def main() -> int:
    arguments = _parser().parse_args()
    try:
        elfs = build(arguments.targets, _options(arguments))
    except (BuildError, FetchError) as error:
        print(f"firmware: {error}", file=sys.stderr)
        return 1
    for elf in elfs:
        print(f"{elf.stat().st_size:>9}  {relative(elf)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

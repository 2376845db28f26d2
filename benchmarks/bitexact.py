"""Every build's outputs against the host's interpreter, byte for byte: `python -m benchmarks.bitexact`.

The firmware image_recognition_test prints each image's output tensor on the serial port; the simulator runs it without
counting cycles. Exit status 0 where all bytes are equal, 104 where one differs or is missing.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.witness import expected_outputs, input_tensors
from simulator import exit_codes
from simulator.firmware import FirmwareError, load
from simulator.machine import Machine, Stop
from simulator.settings import Settings
from simulator.until import UntilAny, UntilExit, UntilSymbol, UntilText

ROOT = Path(__file__).resolve().parent.parent
BUILDS = "build/firmware/image_recognition_test-*.elf"
IMAGES = 20
PROCESSES = 2
LINE = re.compile(r"^image (\d+) outputs((?: -?\d+)+) label \S*$|^image (\d+) outputs((?: [0-9a-f]{2})+) raw$", re.M)


class WitnessError(Exception):
    """What there is nothing to compare with, in one sentence."""


@dataclass(frozen=True)
class Result:
    """One build: `differing` counts bytes, `missing` images that printed no outputs, `stop` why the run ended."""

    build: str
    images: int
    compared: int
    differing: int
    missing: int
    instructions: int
    stop: str

    @property
    def equal(self) -> bool:
        return self.compared > 0 and self.differing == 0 and self.missing == 0


def parse_outputs(serial: str) -> dict[int, bytes]:
    """Each image's output tensor, by the image's number."""
    outputs = {}
    for match in LINE.finditer(serial.replace("\r", "")):
        if match[1] is not None:
            outputs[int(match[1])] = bytes(int(value) & 0xFF for value in match[2].split())
        else:
            outputs[int(match[3])] = bytes.fromhex(match[4])
    return outputs


def compare(printed: dict[int, bytes], expected: Sequence[bytes]) -> tuple[int, int, int]:
    """Bytes compared, bytes that differ (surplus and lacking ones too), and images without a line."""
    compared = differing = 0
    for number, wanted in enumerate(expected):
        if number in printed:
            got = printed[number]
            compared += len(wanted)
            differing += sum(one != other for one, other in zip(got, wanted, strict=False)) + abs(
                len(got) - len(wanted)
            )
    return compared, differing, sum(number not in printed for number in range(len(expected)))


def network_of(elf: Path) -> str:
    """The network in a name such as image_recognition_test-resnet8-cmsis_nn-clang19-Oz.elf."""
    parts = elf.stem.split("-")
    if len(parts) < 2:
        raise WitnessError(f"{elf.name} names no network")
    return parts[1]


def expected_for(network: str, images: int) -> list[bytes]:
    """The output tensors of the first images, which the firmware takes in turn where it is asked for more."""
    model = ROOT / "build" / "networks" / f"{network}.tflite"
    inputs = ROOT / "build" / "images" / f"{network}-inputs.bin"
    if not (model.exists() and inputs.exists()):
        raise WitnessError(
            f"{network}: no {model.name} and {inputs.name}; make them by python -m firmware.networks.make"
        )
    outputs = expected_outputs(model, input_tensors(model, inputs.read_bytes()))
    return [outputs[number % len(outputs)].tobytes() for number in range(images)]


def check(elf: Path, images: int) -> Result:
    expected = expected_for(network_of(elf), images)
    firmware = load(elf)
    machine = Machine(firmware, settings=Settings(timing="functional"))
    stop = ask_for(machine, images)
    printed = parse_outputs((machine.serial_output + machine.semihosting_output).decode("latin-1"))
    return Result(elf.stem, images, *compare(printed, expected), stop.instructions, f"{stop.reason}: {stop.detail}")


def ask_for(machine: Machine, images: int) -> Stop:
    """Runs so many images: the start-up code has set image_count when main begins, and main has not read it yet."""
    count = machine.firmware.symbols.find("image_count")
    if count is not None and machine.firmware.symbols.find("main") is not None:
        machine.run(until=UntilSymbol("main"))
        machine.write(count.address, images.to_bytes(4, "little"))
    return machine.run(until=UntilAny((UntilText("^done"), UntilExit())))


def check_all(elfs: Sequence[Path], images: int) -> list[Result]:
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        return list(pool.map(check, elfs, [images] * len(elfs)))


def show(results: Sequence[Result], console: Console) -> None:
    table = Table(title="Outputs against tflite-micro on the host", title_justify="left")
    table.add_column("build")
    for heading in ("images", "bytes", "differ", "missing"):
        table.add_column(heading, justify="right")
    for result in results:
        numbers = (result.images, result.compared, result.differing, result.missing)
        build = result.build.removeprefix("image_recognition_test-")
        table.add_row(build, *(f"{number:,}" for number in numbers), style=None if result.equal else "bold red")
    console.print(table)
    for result in results:
        if result.missing:
            console.print(f"{result.build} ended early ({result.stop})", markup=False, highlight=False)


def at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text} is no whole number above 0")
    return int(text)


def arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.bitexact", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--images", type=at_least_one, default=IMAGES, metavar="N", help=f"images per build (default {IMAGES})"
    )
    parser.add_argument("--builds", default=BUILDS, metavar="GLOB", help=f"which ELFs (default {BUILDS})")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results there")
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> int:
    options = arguments(words)
    pattern = Path(options.builds)
    elfs = sorted(Path(pattern.anchor or ROOT).glob(str(pattern.relative_to(pattern.anchor))))
    if not elfs:
        print(f"bitexact: no file matches {options.builds}; build some by python -m firmware.build", file=sys.stderr)
        return exit_codes.USAGE
    try:
        results = check_all(elfs, options.images)
    except (WitnessError, FirmwareError) as error:
        print(f"bitexact: {error}", file=sys.stderr)
        return exit_codes.USAGE
    show(results, Console())
    if options.json:
        options.json.write_text(json.dumps([asdict(result) for result in results], indent=1) + "\n")
    return exit_codes.OK if all(result.equal for result in results) else exit_codes.EXPECTATION


if __name__ == "__main__":
    sys.exit(main())

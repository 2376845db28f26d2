"""Every build's outputs against the host's interpreter, byte for byte: `python -m benchmarks.bitexact`.

The firmware image_recognition_test prints each image's output tensor on the serial port; the simulator runs it without
counting cycles. The witness gets the network and the input tensors out of the same ELF. Exit status 0 where all bytes
are equal, 1 where one differs or is missing, 64 where there is nothing to compare.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from tflite_micro import runtime

from benchmarks.witness import infer
from simulator import exit_codes
from simulator.firmware import Firmware, FirmwareError, load
from simulator.machine import Machine, Stop
from simulator.settings import Settings
from simulator.until import UntilAny, UntilExit, UntilSymbol, UntilText

ROOT = Path(__file__).resolve().parent.parent
BUILDS = "build/firmware/image_recognition_test-*.elf"
PROCESSES = 2
DIFFERENT = 1
LINE = re.compile(r"^image (\d+) outputs((?: -?\d+)+) label \S*$|^image (\d+) outputs((?: [0-9a-f]{2})+) raw$", re.M)
HEADINGS = ("images", "bytes", "differ", "missing")


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

    def row(self) -> str:
        numbers = (self.images, self.compared, self.differing, self.missing)
        row = f"{self.build.removeprefix('image_recognition_test-'):<44}" + "".join(f"{n:>9,}" for n in numbers)
        return row if not self.missing else f"{row}  ended early ({self.stop})"


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


def held(firmware: Firmware, name: str) -> bytes:
    """What the ELF holds under a symbol with a size."""
    symbol = firmware.symbols.find(name)
    content = firmware.read(symbol.address, symbol.size) if symbol and symbol.size else None
    if content is None:
        raise WitnessError(f"{firmware.path.name} holds no {name}: it is no build of image_recognition_test")
    return content


def expected_for(firmware: Firmware, images: int | None) -> list[bytes]:
    """The output tensors of so many images, or of all that the ELF holds; it takes them in turn if asked for more."""
    outputs = witness(held(firmware, "network"), held(firmware, "images"))
    return [outputs[number % len(outputs)] for number in range(images or len(outputs))]


@cache
def witness(network: bytes, inputs: bytes) -> list[bytes]:
    details = runtime.Interpreter.from_bytes(network).get_input_details(0)
    tensors = np.frombuffer(inputs, dtype=details["dtype"]).reshape(-1, *details["shape"])
    return [output.tobytes() for output in infer(network, tensors)]


def check(elf: Path, images: int | None) -> Result:
    firmware = load(elf)
    expected = expected_for(firmware, images)
    machine = Machine(firmware, settings=Settings(timing="functional"))
    stop = ask_for(machine, len(expected))
    printed = parse_outputs((machine.serial_output + machine.semihosting_output).decode("latin-1"))
    compared, differing, missing = compare(printed, expected)
    ended = f"{stop.reason}: {stop.detail}"
    return Result(elf.stem, len(expected), compared, differing, missing, stop.instructions, ended)


def ask_for(machine: Machine, images: int) -> Stop:
    """Runs so many images: the start-up code has set image_count when main begins, and main has not read it yet."""
    count = machine.firmware.symbols.find("image_count")
    if count is not None and machine.firmware.symbols.find("main") is not None:
        machine.run(until=UntilSymbol("main"))
        machine.write(count.address, images.to_bytes(4, "little"))
    return machine.run(until=UntilAny((UntilText("^done"), UntilExit())))


def check_all(elfs: Sequence[Path], images: int | None) -> Iterator[Result]:
    """The results in the ELFs' order, each as soon as it and those before it are there."""
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        yield from pool.map(check, elfs, [images] * len(elfs))


def total(results: Sequence[Result]) -> str:
    compared, differing = sum(one.compared for one in results), sum(one.differing for one in results)
    missing, instructions = sum(one.missing for one in results), sum(one.instructions for one in results)
    unequal = sum(not one.equal for one in results)
    return (
        f"total: {len(results)} builds, {unequal} of them unequal; {compared:,} output bytes compared, {differing:,} "
        f"differ, {missing:,} images missing; {instructions / 1e9:,.1f} G instructions"
    )


def at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text} is no whole number above 0")
    return int(text)


def arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.bitexact", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--images", type=at_least_one, metavar="N", help="images a build (default: all that it holds)")
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
    print(f"{'outputs against tflite-micro on the host':<44}" + "".join(f"{name:>9}" for name in HEADINGS))
    results = []
    try:
        for result in check_all(elfs, options.images):
            results.append(result)
            print(result.row(), flush=True)
    except (WitnessError, FirmwareError) as error:
        print(f"bitexact: {error}", file=sys.stderr)
        return exit_codes.USAGE
    print(total(results))
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps([asdict(result) for result in results], indent=1) + "\n")
    return exit_codes.OK if all(result.equal for result in results) else DIFFERENT


if __name__ == "__main__":
    sys.exit(main())

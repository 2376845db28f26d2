"""Blocks as they come: what each comes to is found once, and kept on disk for the next run of the same firmware.

Reference: docs/architecture.md, "Known blocks". A block is taken from disk only where its address, its bytes, its IT state and the
words of read-only memory that its addresses follow from are the same; what decides its rows besides is in the file's name.
"""

from __future__ import annotations

import hashlib
import marshal
import sys
import zlib
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path

import numpy as np

from simulator.kernel_sources import hash_of
from simulator.object_code import cache_folder, keep
from simulator.timing import encoding
from simulator.timing.block_rows import BlockRows, Description, rows_of
from simulator.timing.kernels.tables import Operand

# what rows are made from; a test holds it against the imports
MEANING = (
    "bit_pictures.py", "decode.py", "encodings.py", "encodings_dsp.py", "encodings_fp.py", "encodings_memory.py", "operands.py",
    *(f"timing/{name}.py" for name in ("addresses", "axi", "block_rows", "cortex_m7", "encoding", "known_blocks", "layout", "targets", "traps")),
    *(f"timing/kernels/{name}.py" for name in ("frame", "predictor", "state", "tables", "tags")),
)  # fmt: skip
FILES = 256  # firmware builds whose blocks are kept, those that ran last; one is some hundred kilobytes
FEW = 16  # new blocks that are worth no file

Key = tuple[int, int, bytes]  # address, IT state, code
Words = tuple[tuple[int, int | None], ...]
Record = tuple[Words, bytes, bytes, bytes, tuple[int, ...], bytes, bool]  # words, then as BlockRows


class KnownBlocks:
    """What the blocks of a run come to. constant_word gives a word of read-only memory, or None."""

    def __init__(
        self, constant_word: Callable[[int], int | None], *, timed: bool = True, ahead: bool = False, firmware: str = ""
    ) -> None:
        """ahead: see rows_of. firmware names what runs; without it nothing is kept."""
        self.timed, self.ahead = timed, ahead
        self.found = 0  # blocks that were on disk
        self._constant_word = constant_word
        self._path = cache_folder("described") / _key(firmware, timed=timed, ahead=ahead) if firmware else None
        self._kept = _read(self._path) if self._path is not None else {}
        self._fresh: dict[Key, tuple[Description, BlockRows]] = {}

    def block(
        self, address: int, code: bytes, it_state: int, *, alias: bool, checks_all: bool
    ) -> tuple[Description, BlockRows]:
        """A block and its rows. alias: see Engine.describe; checks_all: BlockTables.check_all. Raises ValueError for too many operands."""
        follow_loads = self.timed and not alias
        description = Description(address, code, it_state, self._constant_word, follow_loads=follow_loads)
        usual = self._path is not None and not alias and not checks_all
        record = self._kept.get((address, it_state, code)) if usual else None
        if record is not None and all(self._constant_word(at) == word for at, word in record[0]):
            self.found += 1
            description.words.update(record[0])
            return description, _rows(record)
        rows = rows_of(description, timed=self.timed, ahead=self.ahead, checks_all=checks_all)
        if usual:
            self._fresh[address, it_state, code] = description, rows
        return description, rows

    def keep(self) -> None:
        """Write what is new, where it is worth a file; where the disk does not take it, the next run finds it out again."""
        if self._path is None or len(self._fresh) < FEW + len(self._kept) // 8:
            return
        self._kept.update({key: _record(*block) for key, block in self._fresh.items()})
        self._fresh.clear()
        keep(self._path, zlib.compress(marshal.dumps(self._kept), 1))
        _prune(self._path.parent)


def _record(description: Description, rows: BlockRows) -> Record:
    arrays = rows.block.tobytes(), rows.operands.tobytes(), rows.hooked.tobytes()
    return (tuple(description.words.items()), *arrays, rows.hooked_at, rows.encoded.tobytes(), rows.special)


def _rows(record: Record) -> BlockRows:
    _, block, operands, hooked, hooked_at, encoded, special = record
    return BlockRows(
        np.frombuffer(block, np.int64),
        np.frombuffer(operands, np.int64).reshape(-1, Operand.COLUMNS),
        np.frombuffer(hooked, np.int64).reshape(-1, Operand.COLUMNS),
        hooked_at,
        np.frombuffer(encoded, np.int32).reshape(-1, encoding.COLUMNS),
        special,
    )


def _read(path: Path) -> dict[Key, Record]:
    try:
        found: dict[Key, Record] = marshal.loads(zlib.decompress(path.read_bytes()))
    except (OSError, zlib.error):
        return {}
    with suppress(OSError):
        path.touch()
    return found


def _prune(folder: Path) -> None:
    """Runs beside this one prune too."""
    try:
        files = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)
        for path in files[:-FILES]:
            path.unlink(missing_ok=True)
    except OSError:
        return


def _key(firmware: str, *, timed: bool, ahead: bool) -> str:
    return hashlib.sha256(repr((firmware, timed, ahead, _sources(), sys.version)).encode()).hexdigest()[:32]


@cache
def _sources() -> str:
    return hash_of(MEANING)

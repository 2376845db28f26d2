"""Finding the CPU state in this process's memory changes nothing that is not the engine's."""

import subprocess
import sys

NEIGHBOURS = """
import numpy as np, unicorn
from simulator import native

holes, neighbours = [], []
for _ in range(200):
    holes.append(bytearray(40960))
    neighbours += [np.full(64, native.ASPEN, np.uint32) for _ in range(16)]
holes.clear()
uc = native.open_engine()
neighbours += [np.full(64, native.ASPEN, np.uint32) for _ in range(8000)]
emulate = unicorn.Uc.emu_start
runs = 0

def watched(self, *arguments):
    global runs
    runs += 1
    assert all((words == native.ASPEN).all() for words in neighbours), "a neighbour's word was changed"
    return emulate(self, *arguments)

unicorn.Uc.emu_start = watched
state = native.find_cpu_state(uc)
near = sum(state.registers <= words.ctypes.data < state.registers + native.STATE_BYTES for words in neighbours)
print(runs, near)
"""


def test_words_that_look_like_fpccr_on_the_heap_stay_as_they_are():
    done = subprocess.run([sys.executable, "-c", NEIGHBOURS], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    runs, near = map(int, done.stdout.split())
    assert runs >= 2
    assert near > 10

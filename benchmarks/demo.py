"""The main job, as `make demo` asks for it: the speed-up table of benchmarks/table.py."""

from __future__ import annotations

import sys

from benchmarks.table import main

if __name__ == "__main__":
    sys.exit(main())

"""All microbenchmarks in the order in which the firmware runs them; their names are unique."""

from firmware.microbench import core_rows, fetch_rows, flash_rows, fp_rows, memory_rows
from firmware.microbench.row import Row


def rows() -> tuple[Row, ...]:
    """Every row. Raises ValueError where two have one name."""
    listed = (*core_rows.ROWS, *memory_rows.ROWS, *fp_rows.ROWS, *fetch_rows.ROWS, *flash_rows.ROWS)
    names = [row.name for row in listed]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"microbenchmarks of one name: {', '.join(twice)}")
    return listed

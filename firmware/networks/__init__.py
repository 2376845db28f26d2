"""The networks and images that the firmware runs: made here, never committed as binaries."""

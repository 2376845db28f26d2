"""The C and C++ sources of the firmware, and the scripts that fetch, build and feed it."""

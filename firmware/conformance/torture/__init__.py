"""GCC's gcc.c-torture/execute as firmware for mps2-an500: the programs are Debian's gcc-12-source's, none is committed."""

"""The native hooks of a run and what they are made of: kernels, numba's, with no Python objects; one idea a module."""

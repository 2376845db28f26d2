"""Hot basic blocks as host code: what they compute and what they cost, by LLVM. The hooks of timing/kernels/ stay the reference.

Reference: docs/architecture.md, "Compiled blocks". Unicorn executes all else, and takes over in the middle of a block at
whatever this code does not do itself: peripherals, faults, stores to code.
"""

"""Compilers that no package registry has ready to use."""

"""Firmware that proves the core: one package a class, each with a builder."""

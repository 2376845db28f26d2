"""Firmware of others, built unchanged from packages that are pinned here and never committed."""

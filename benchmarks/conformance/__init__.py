"""How right the core is: `python -m simulator conform`. One module a class of the proof, each with `check(scope) -> Outcome`."""

"""The proof of the cycles: microbenchmarks, other models, published figures, guesses; `python -m simulator validate`."""

"""Generated gradients beside hand-written ones, the primal and the peers: `python -m benchmarks`."""

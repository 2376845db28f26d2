"""pytest fixtures that run firmware in the simulator."""

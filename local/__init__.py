"""Development on one machine: all functions in one process, on the embedded database."""

"""Measurements of the product beside what it is compared with, in turns: `make bench`."""

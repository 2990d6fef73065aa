"""The benchmark: starts a hub, puts a load on it, checks its database, writes the page.

The load itself is the C program of this folder; Python only arranges and reckons, so that
it takes nothing from what it measures. How a number is shown is in `page.py` alone.
"""

"""The sidecar: connects outwards to the hub, runs the work as processes, and reports.

It shares `schemas` with the hub and nothing else. Read `supervisor.py` for how the parts meet.
"""

"""The workers and clients of the contestants, each a module that is run in a process of its own.

Those of the peers run in virtual environments that have neither Corral's packages nor each
other's, so they import the standard library, `course.py` and their own system only.
"""

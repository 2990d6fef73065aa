"""Takes the pictures in `docs/pictures`: a real hub, a fleet at work, and a browser.

`stage` starts the hub and its agents, `cast` are the simulated ones, `prop` and `machine` what
the real sidecars are started with, `repertoire` the tasks, `shots` what is photographed, and
`small` makes the files small. What is random is drawn from a fixed seed, so that two runs look
alike; only times and what depends on them differ.
"""

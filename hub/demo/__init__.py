"""The demo: the main job on real input, and a check of every result.

`workshop` is the folder that is worked on, `plan` the tasks and what each must lead to,
`fleet` the hub and sidecars, `drama` what goes wrong on purpose, `perform` the run itself,
`verdict` the comparison, and `stage` what a person sees. `chores` is the program that most
tasks run.
"""

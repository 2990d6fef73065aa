"""The benchmark of the dashboard: a real hub, a real browser, and what a person would notice.

The load, the agents and the stored tasks are those of the benchmark around it. Each part
measures one thing alone; `parts.py` lists them, and `page.py` shows what they found.
"""

"""The second floor: what happens over time. It acts on what the core decides.

Services own the loops, the journal and the sessions' peers. They know no socket, no HTTP and
no SQL.
"""

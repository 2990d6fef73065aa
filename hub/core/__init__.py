"""The ground floor: decides, and does nothing else.

Values go in, new values and the facts that happened come out. Time and randomness are
arguments. Nothing here knows of sockets, tasks of an event loop, files or databases.
"""

"""The wire: every message, body, event and limit, shared by the hub and the sidecar.

What lives here is data and its constraints. What does not: any rule about when a message
may be sent, and anything that needs a clock, a socket or a database.
"""

"""The bodies of HTTP requests and answers. What a task is made of is in `schemas/work.py`.

Requests refuse unknown fields. Which route takes which body is in `hub/transport/routes.py`.
"""

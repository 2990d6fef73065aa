"""The dashboard: how its page is built, and which one a hub serves.

The sources of the page are in `ui`, what is built from them goes to `static`, and `plain` is a
page that needs no build. Node, which builds it, is never needed to run a hub.
"""

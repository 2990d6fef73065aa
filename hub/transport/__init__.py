"""The floor that speaks: sockets, HTTP and what a peer is told. It never decides."""

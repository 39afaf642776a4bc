"""Everything with a socket, a disk or a clock."""

"""The front door: command line, the live race that joins the rooms, the supervision of processes."""

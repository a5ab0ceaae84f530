"""From a wire to reads: protocols (bytes in, reads out, no input or output), transports, drivers, the collector.

Knows nothing of runners or rankings.
"""

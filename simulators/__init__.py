"""The other side of every wire: runners, mats, readers, and the truth to compare with."""

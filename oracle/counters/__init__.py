"""Counters that people already use: run as they are, and with our line in them."""

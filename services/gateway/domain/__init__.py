"""Rules of the gateway: pure values and functions."""

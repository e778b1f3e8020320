"""Instruments, anonymity, intervals and verdicts: pure values and arithmetic. No I/O; `now` is a parameter."""

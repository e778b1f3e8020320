"""A second opinion on SLA clocks: a slow walk over whole minutes that anybody can check by reading it.

It shares no arithmetic and no rule with `services.tickets.domain`, only the values that say what happened and what is promised.
`python -m tests.oracle --cases 100000 --seed 1` compares the two on random histories; `make test` runs a few hundred.
"""

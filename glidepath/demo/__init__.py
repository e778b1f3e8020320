"""The story that `make demo` plays: simulated outside systems, 1,500 people and the checks, over real HTTP and NATS."""

"""What the gateway does, one module per matter. Each takes a unit and values, decides, and records; none commits."""

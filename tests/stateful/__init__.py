"""Random sequences of operations against a plain-dict model."""

"""Tree locks: who may hold what, how it is taken, kept and given back."""

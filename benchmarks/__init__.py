"""What redicts costs, measured against raw redis-py in the same run. Run it as ``python -m benchmarks``.

Absolute times say more about the machine than about redicts, so every row is a ratio: both sides run in turns, round
by round, and the median of the rounds' ratios is what a budget is held against. Nothing here is part of the package.
"""

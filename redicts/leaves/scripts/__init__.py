"""The scripts of typed leaves. ``read`` and ``write`` run one command; the others are named after what they serve."""

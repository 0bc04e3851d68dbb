"""What the kinds of typed leaves are made of: what several have in common, and what would make a file too long."""

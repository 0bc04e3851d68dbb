"""The README and the pages of the documentation, run as doctests."""

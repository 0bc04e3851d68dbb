"""Scripts that operations of several packages run."""

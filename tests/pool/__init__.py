"""The pool and its backends, over real servers."""

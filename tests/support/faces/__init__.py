"""The faces of redicts, each looking like the synchronous one to a test: ``face(backend)`` makes what it works with."""

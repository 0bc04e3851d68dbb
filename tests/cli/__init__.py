"""Tests of the ``redicts`` command."""

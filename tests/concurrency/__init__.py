"""Threads, tasks and processes; killed, stopped and expired holders."""

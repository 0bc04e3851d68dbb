"""Each script with raw KEYS and ARGV on a real server."""

"""One suite over fakeredis, Valkey and Redis."""

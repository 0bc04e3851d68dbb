"""The pure core: paths, keys, values, effects, operations and scripts. No I/O, no redis."""

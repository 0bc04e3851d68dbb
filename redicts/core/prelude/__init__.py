"""The prelude: Lua that the scripts of several packages share. ``core/scripts.py`` puts it in front of them."""

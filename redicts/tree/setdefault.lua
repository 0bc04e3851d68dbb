-- setdefault: read a place; set it first where nothing is there.
-- KEYS: header; the hash of the entry.
-- ARGV: header; field, text ("/" for a node), number of rows, and the rows as for set.
-- Reply: the JSON text of what was there, or nil where the place was set.
-- Errors: LOCKLOST, NEWSECTION: nothing was written.
-- Complexity: O(what is read or written).
-- Needs: header, put, document

local refused = lost_guard() or new_section(KEYS[own_key])
if refused then return refused end
local key, field = KEYS[own_key], ARGV[own_arg]
local text = document(key, field)
if text then return text end
put(key, field, ARGV[own_arg + 1], own_arg + 3, tonumber(ARGV[own_arg + 2]), NONE)
return false

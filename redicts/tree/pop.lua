-- pop: read a place with everything below it, and remove it.
-- KEYS: header; the hash of the entry.
-- ARGV: header; the field of the entry.
-- Reply: JSON text, or nil where nothing was there. A marker in it, which is no JSON: there is a typed leaf of a kind that
--   this version does not know, and nothing was removed.
-- Errors: LOCKLOST: nothing was removed.
-- Complexity: O(what is read).
-- Needs: header, write, document

local refused = lost_guard()
if refused then return refused end
local key, field = KEYS[own_key], ARGV[own_arg]
local text = document(key, field)
if not unknown_met then remove(key, field) end
return text or false

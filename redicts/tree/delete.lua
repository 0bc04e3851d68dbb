-- delete: remove a place and everything below it, and the nodes that this empties.
-- KEYS: header; the hash of the entry.
-- ARGV: header; the field of the entry.
-- Reply: 1 where something was there, else 0.
-- Errors: LOCKLOST: nothing was removed.
-- Complexity: O(what is removed).
-- Needs: header, write

local refused = lost_guard()
if refused then return refused end
if remove(KEYS[own_key], ARGV[own_arg]) then return 1 end
return 0

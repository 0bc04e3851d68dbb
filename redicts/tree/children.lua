-- children: the names of a node's children that are alive, or how many there are.
-- KEYS: the hash of the node; for the root the set of the sections' names.
-- ARGV: "node" or "root"; "names" or "count".
-- Reply: a list of names as they stand in fields, in no order; or their number.
-- Errors: none of its own.
-- Complexity: O(children).
-- Needs: read

local names
if ARGV[1] == 'root' then names = living_sections(KEYS[1]) else names = living_names(KEYS[1]) end
if ARGV[2] == 'count' then return #names end
return names

-- kind: what stands at a place.
-- KEYS: the hash of the entry.
-- ARGV: the field of the entry.
-- Reply: "/" for a node, "~" for a JSON leaf, "@..." for a typed leaf; nil where nothing is there.
-- Errors: none of its own.
-- Complexity: O(1); O(children) for a node most of whose children have expired.
-- Needs: read

local text = living(KEYS[1], ARGV[1])
if not text then return false end
if is_node(text) then return '/' end
if is_marker(text) then return text end
return '~'

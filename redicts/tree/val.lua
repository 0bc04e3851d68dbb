-- val: the JSON text of a place and everything below it, in one step.
-- KEYS: the hash of the entry; for the root the set of the sections' names.
-- ARGV: the field of the entry; nothing for the root.
-- Reply: JSON text, or nil where nothing is there.
-- Errors: none of its own.
-- Complexity: O(leaves and nodes read).
-- Needs: document

if #ARGV == 0 then return whole_document(KEYS[1]) end
return document(KEYS[1], ARGV[1]) or false

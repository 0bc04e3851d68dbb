-- mapping_default: set a key of a mapping, unless it is there.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; the key's text; the value's.
-- Reply: the text of the value that is there then.
-- Errors: LOCKLOST, NEWSECTION, WRONGKIND: nothing was written.
-- Complexity: O(1).
-- Needs: leaf

local refused = unfit()
if refused then return refused end
local name, text = ARGV[own], ARGV[own + 1]
local found = there and redis.call('HGET', body, name)
if found then return found end
refused = mount()
if refused then return refused end
redis.call('HSET', body, name, text)
settle()
return text

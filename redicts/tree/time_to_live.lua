-- time_to_live: how long a place has to live.
-- KEYS: the hash of the entry.
-- ARGV: the field of the entry.
-- Reply: ms; -1 for a place that does not expire; -2 where nothing is there.
-- Errors: none of its own.
-- Complexity: O(1); O(children) for a node most of whose children have expired.
-- Needs: clock, read

local key, field = KEYS[1], ARGV[1]
local text = living(key, field)
if not text then return GONE end
if not is_marker(text) then return redis.call('PTTL', key) end
if is_node(text) then return redis.call('PTTL', node_of(key, field)) end
return redis.call('PTTL', body_of(key, field))

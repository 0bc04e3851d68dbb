-- prelude enter: an entry, or its new deadline, goes into the zsets it stands in.

-- KEYS from 2 on are those zsets. Each lives as long as the last of its entries at least: what it has is never cut.
-- `lease` is how long the entry lives from now on at most, in ms; it and the deadline are texts.
local function enter(entry, deadline, lease)
  for i = 2, #KEYS do
    redis.call('ZADD', KEYS[i], deadline, entry)
    if redis.call('PTTL', KEYS[i]) < tonumber(lease) then redis.call('PEXPIRE', KEYS[i], lease) end
  end
end

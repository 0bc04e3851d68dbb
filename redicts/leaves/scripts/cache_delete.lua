-- cache_delete: take keys out of a cache. Nobody who began to compute one of them before may store it after this.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; the keys' texts.
-- Reply: how many values were there, and fresh.
-- Errors: LOCKLOST, WRONGKIND: nothing was removed.
-- Complexity: O(keys).
-- Needs: caching

local refused = unfit()
if refused then return refused end
if not there then return 0 end
local count = 0
for at = own, #ARGV do
  local value, claim = redis.call('HGET', body, ARGV[at]), redis.call('HGET', body, '?' .. ARGV[at])
  if value and is_fresh(value, now) then count = count + 1 end
  redis.call('HDEL', body, ARGV[at])
  if claim then release(ARGV[at], line_of(claim), '') end
end
finish()
return count

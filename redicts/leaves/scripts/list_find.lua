-- list_find: where an element stands in a list, or how often.
-- KEYS: the hash of the entry; the body.
-- ARGV: field; marker; "index" or "count"; the element's text; for "index" start and stop, as Python has them.
-- Reply: the first index between start and stop, or nil; or the count.
-- Errors: WRONGKIND.
-- Complexity: O(length).
-- Needs: kept, sequence

local wrong = wrong_kind()
if wrong then return wrong end
if ARGV[3] == 'count' then return #redis.call('LPOS', KEYS[2], ARGV[4], 'COUNT', 0) end
local start, stop = bounds(ARGV[5], ARGV[6], 1, redis.call('LLEN', KEYS[2]))
if start == 0 then
  local at = redis.call('LPOS', KEYS[2], ARGV[4])
  return at and at < stop and at or false
end
for _, at in ipairs(redis.call('LPOS', KEYS[2], ARGV[4], 'COUNT', 0)) do
  if at >= stop then return false end
  if at >= start then return at end
end
return false

-- reliable_queue_look: count the items of a reliable queue, or read the next one.
-- KEYS: the hash of the entry; the body.
-- ARGV: field; marker; "count" or "next".
-- Reply: {how many can be taken, how many are leased}; the next member, or nil.
-- Errors: WRONGKIND, with the marker found ("~" for a JSON leaf).
-- Complexity: O(log(all)).
-- Needs: kept, clock

local wrong = wrong_kind()
if wrong then return wrong end
local body, today = KEYS[2], string.format('%.0f', now_ms())
if ARGV[3] == 'count' then
  local pending = redis.call('ZCOUNT', body, 0, today)
  return {pending, redis.call('ZCARD', body) - pending}
end
return redis.call('ZRANGEBYSCORE', body, 1, today, 'LIMIT', 0, 1)[1]
  or redis.call('ZRANGEBYSCORE', body, 0, 0, 'LIMIT', 0, 1)[1] or false

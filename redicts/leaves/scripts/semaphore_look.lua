-- semaphore_look: count who holds permits of a semaphore, and who waits for one.
-- KEYS: the hash of the entry; the body.
-- ARGV: field; marker.
-- Reply: {how many permits are held, how many wait}.
-- Errors: WRONGKIND, with the marker found ("~" for a JSON leaf).
-- Complexity: O(who waits + log(all)).
-- Needs: kept, clock

local wrong = wrong_kind()
if wrong then return wrong end
local body, now, waiting = KEYS[2], now_ms(), 0
for _, member in ipairs(redis.call('ZRANGEBYSCORE', body, '-inf', '(0')) do
  local deadline = string.match(member, '^%- (%d+) ')
  if deadline and tonumber(deadline) > now then waiting = waiting + 1 end
end
return {redis.call('ZCOUNT', body, string.format('(%.0f', now), '+inf'), waiting}

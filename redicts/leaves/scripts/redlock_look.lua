-- redlock_look: tell whether anybody holds the lock at one of its masters.
-- KEYS: the hash of the entry; the body.
-- ARGV: field; marker.
-- Reply: for how many ms more; 0 where nobody does.
-- Errors: WRONGKIND, with the marker found ("~" for a JSON leaf).
-- Complexity: O(tokens given up lately).
-- Needs: kept, clock

local wrong = wrong_kind()
if wrong then return wrong end
local now = now_ms()
local found = redis.call('ZRANGEBYSCORE', KEYS[2], string.format('(%.0f', now), '+inf', 'WITHSCORES')
for at = 1, #found, 2 do
  if string.sub(found[at], 1, 2) == '+ ' then return tonumber(found[at + 1]) - now end
end
return 0

-- redlock_extend: let a token hold the lock at one of its masters for longer, if it still holds it there.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; the token; for how many ms from now.
-- Reply: for how many ms it is held; 0 where it is not.
-- Errors: WRONGKIND: nothing was written.
-- Complexity: O(log(members)).
-- Needs: brief

local refused = unfit()
if refused then return refused end
local member, now = '+ ' .. ARGV[own], now_ms()
local held = there and redis.call('ZSCORE', body, member)
if not held or tonumber(held) <= now then return 0 end
local ends = outlast(now + tonumber(ARGV[own + 1]))
redis.call('ZADD', body, string.format('%.0f', ends), member)
return ends - now

-- redlock_acquire: let a token hold the lock at one of its masters, if nobody holds it there.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; the token; for how many ms.
-- Reply: for how many ms it is held, also where it is asked again; 0 where the token was given up before this came;
--   -n where another holds it for n ms more.
-- Errors: NEWSECTION, WRONGKIND: nothing was written.
-- Complexity: O(tokens given up lately).
-- Needs: brief

local refused = unfit()
if refused then return refused end
local token, now = ARGV[own], now_ms()
local member = '+ ' .. token
if there then
  local found = redis.call('ZRANGEBYSCORE', body, string.format('(%.0f', now), '+inf', 'WITHSCORES')
  for at = 1, #found, 2 do
    if found[at] == '- ' .. token then return 0 end
    if found[at] ~= member and string.sub(found[at], 1, 2) == '+ ' then return now - tonumber(found[at + 1]) end
  end
end
refused = mount()
if refused then return refused end
local ends = now + tonumber(ARGV[own + 1])
redis.call('ZADD', body, string.format('%.0f', ends), member)
if there then redis.call('ZREMRANGEBYSCORE', body, '-inf', string.format('%.0f', now)) end
local until_ = outlast(ends)
if until_ < ends then redis.call('ZADD', body, string.format('%.0f', until_), member) end
return until_ - now

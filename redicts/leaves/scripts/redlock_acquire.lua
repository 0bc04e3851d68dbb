-- redlock_acquire: let a token hold the lock at one of its masters, if nobody holds it there.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; the token; for how many ms.
-- Reply: for how many ms it is held, also where it is asked again; 0 where the token was given up before this came;
--   -n where another holds it for n ms more.
-- Errors: NEWSECTION, WRONGKIND: nothing was written.
-- Complexity: O(tokens given up lately).
-- Needs: brief

-- As it is nearly always: what the place lies in has no end, or it is a section that is not there. (What follows after the
-- prelude does the same, and takes three times as long. One time in 16 it is left to that, which tidies, too.)
local time = redis.call('TIME')
if ARGV[1] == '0' and ARGV[2] == '1' and time[2] % 16 ~= 0 then
  local key, body, field, marker = KEYS[2], KEYS[3], ARGV[3], ARGV[4]
  local found = redis.call('HMGET', key, field, '')
  local stands, life = found[1], redis.call('PTTL', key)
  if (field ~= '' and (not stands or stands == marker) and not found[2] and life == -1)
    or (field == '' and (stands == marker or life == -2)) then
    local now, member, old = time[1] * 1000 + math.floor(time[2] / 1000), '+ ' .. ARGV[5], -2
    if stands then
      old = redis.call('PTTL', body)
      local others = redis.call('ZRANGEBYSCORE', body, string.format('(%.0f', now), '+inf', 'WITHSCORES')
      for at = 1, #others, 2 do
        if others[at] == '- ' .. ARGV[5] then return 0 end
        if others[at] ~= member and string.byte(others[at]) == 43 then return now - tonumber(others[at + 1]) end
      end
    else
      redis.call('UNLINK', body)
      redis.call('HSET', key, field, marker)
      if field == '' then redis.call('SADD', KEYS[1], string.match(key, '{(.*)}')) end
    end
    redis.call('ZADD', body, string.format('%.0f', now + tonumber(ARGV[6])), member)
    if old > -2 then redis.call('ZREMRANGEBYSCORE', body, '-inf', string.format('%.0f', now)) end
    if old ~= -1 and old < tonumber(ARGV[6]) then
      redis.call('PEXPIRE', body, ARGV[6])
      if field == '' then redis.call('PEXPIRE', key, ARGV[6]) end
    end
    return tonumber(ARGV[6])
  end
end
-- Prelude

local refused = unfit()
if refused then return refused end
local token, now = ARGV[own], now_ms()
local member = '+ ' .. token
if there then
  local found = redis.call('ZRANGEBYSCORE', body, string.format('(%.0f', now), '+inf', 'WITHSCORES')
  for at = 1, #found, 2 do
    if found[at] == '- ' .. token then return 0 end
    if found[at] ~= member and string.byte(found[at]) == 43 then return now - tonumber(found[at + 1]) end
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

-- redlock_release: give the lock up at one of its masters.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; the token; for how many ms it is remembered as given up, since its acquisition may still be
--   on its way; 0 where it cannot be.
-- Reply: 1; 0 where it was not held.
-- Errors: NEWSECTION, WRONGKIND: nothing was written.
-- Complexity: O(log(members)).
-- Needs: brief

-- As it is nearly always: the lock goes, and what it lies in does not; or it is a section. (As for redlock_acquire.)
if ARGV[1] == '0' and ARGV[2] == '1' and ARGV[6] == '0' then
  local key, body, field, member = KEYS[2], KEYS[3], ARGV[3], '+ ' .. ARGV[5]
  if redis.call('HGET', key, field) == ARGV[4] then
    local held, alone = redis.call('ZSCORE', body, member), redis.call('HLEN', key) == 1
    if held and redis.call('ZCARD', body) == 1 and alone == (field == '') then
      redis.call('UNLINK', body)
      redis.call('HDEL', key, field)
      if field == '' then redis.call('SREM', KEYS[1], string.match(key, '{(.*)}')) end
      local time = redis.call('TIME')
      return tonumber(held) > time[1] * 1000 + math.floor(time[2] / 1000) and 1 or 0
    end
  end
end
-- Prelude

local refused = unfit()
if refused then return refused end
local member, now, ms = '+ ' .. ARGV[own], now_ms(), tonumber(ARGV[own + 1])
if not there and ms == 0 then
  if redis.call('HGET', key, field) == marker then settle() end  -- it has run out: nothing is left of it
  return 0
end
if ms > 0 then
  refused = mount()
  if refused then return refused end
  redis.call('ZADD', body, string.format('%.0f', now + ms), '- ' .. ARGV[own])
  outlast(now + ms)
end
local held = redis.call('ZSCORE', body, member)
if held then redis.call('ZREM', body, member) end
if there then
  redis.call('ZREMRANGEBYSCORE', body, '-inf', string.format('%.0f', now))
  settle()
end
return held and tonumber(held) > now and 1 or 0

-- rate_limiter_hit: let hits through, if they keep to the rate.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; what a hit costs: us, the rest, and of how many parts that is; how many hits may come at once;
--   how many come.
-- Reply: {1 or 0: whether they are let through, how many more would be, in how many us they will be, in how many us it will be
--   as if none had come, the server's time: us, as text}.
-- Errors: LOCKLOST, NEWSECTION, WRONGKIND: nothing was written.
-- Complexity: O(1).
-- First: proof, gcra
-- Needs: brief

-- As it is nearly always: no more than one lock, and a place that is there and lies in nothing that expires.
local at = alive and guard + (ARGV[2] == '1' and 2 or 1)
if at and ARGV[3 + guard] ~= '' and redis.call('HGET', KEYS[at], ARGV[3 + guard]) == ARGV[4 + guard]
  and redis.call('PTTL', KEYS[at]) == -1 then
  local body = KEYS[at + 1]
  local stored = redis.call('GET', body)
  if stored then
    local now = now_us()
    local allowed, more, wait, ahead, text = gcra(stored, now, rate_at(5 + guard), tonumber(ARGV[9 + guard]))
    if allowed then
      local left, ends = redis.call('PTTL', body), math.ceil((now + ahead) / 1000)
      if left >= 0 and left < ends - math.floor(now / 1000) + 2 then  -- PTTL and TIME may be a ms apart
        redis.call('SET', body, text, 'PXAT', string.format('%.0f', ends))
      else
        redis.call('SET', body, text, 'KEEPTTL')
      end
    end
    return {allowed and 1 or 0, more, wait, ahead, string.format('%.0f', now)}
  end
end
-- Prelude

local refused = unfit()
if refused then return refused end
local now = now_us()
local allowed, more, wait, ahead, text = gcra(there and redis.call('GET', body), now, rate_at(own), tonumber(ARGV[own + 4]))
if allowed then
  refused = mount()
  if refused then return refused end
  redis.call('SET', body, text, 'KEEPTTL')
  outlast(math.ceil((now + ahead) / 1000))
end
return {allowed and 1 or 0, more, wait, ahead, string.format('%.0f', now)}

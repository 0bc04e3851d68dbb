-- rate_limiter_hit: let hits through, if they keep to the rate.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; what a hit costs: us, the rest, and of how many parts that is; how many hits may come at once;
--   how many come.
-- Reply: {1 or 0: whether they are let through, how many more would be, in how many us they will be, in how many us it will be
--   as if none had come, the server's time: us, as text}.
-- Errors: LOCKLOST, NEWSECTION, WRONGKIND: nothing was written.
-- Complexity: O(1).
-- Needs: brief, gcra

-- As it is nearly always: no lock, a place that is there and lies in nothing that expires, and a cost without a rest. (What
-- follows after the prelude does the same, and takes three times as long.)
local at = ARGV[2] == '1' and 2 or 1
if ARGV[1] == '0' and ARGV[7] == '1' and ARGV[3] ~= '' and redis.call('HGET', KEYS[at], ARGV[3]) == ARGV[4]
  and redis.call('PTTL', KEYS[at]) == -1 then
  local body, us, most = KEYS[at + 1], tonumber(ARGV[5]), tonumber(ARGV[5]) * tonumber(ARGV[8])
  local stored = tonumber(redis.call('GET', body) or '')
  if stored then
    local time = redis.call('TIME')
    local now = time[1] * 1000000 + time[2]
    local ahead = math.min(math.max(stored - now, 0), most)
    local new, wait = ahead + us * tonumber(ARGV[9]), 0
    local allowed = new <= most
    if allowed then
      ahead = new
      local left, ends = redis.call('PTTL', body), math.ceil((now + new) / 1000)
      local text = string.format('%.0f', now + new)
      if left >= 0 and left < ends - math.floor(now / 1000) then
        redis.call('SET', body, text, 'PXAT', string.format('%.0f', ends))
      else
        redis.call('SET', body, text, 'KEEPTTL')
      end
    else
      wait = new - most
    end
    return {allowed and 1 or 0, math.floor((most - ahead) / us), wait, ahead, string.format('%.0f', now)}
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

-- prelude gcra: the generic cell rate algorithm, exactly (ITU-T I.371; "virtual scheduling" there).
--
-- A time is whole microseconds and a rest, of so many parts; so no error adds up, whatever the rate is. What is stored is the
-- theoretical arrival time: "<us of the server's time>", with " <rest>/<parts>" after it where there is one. What is reckoned
-- with is how far that is ahead of now, which is small, so that every number here is exact.

-- What becomes of `count` hits now. `rate`: what a hit costs (us, rest, parts), how many may come at once.
-- Allowed or not; how many more would be; us until these would be; us until all would be; what is to be stored.
local function gcra(stored, now, rate, count)
  local us, rest, parts, burst = rate[1], rate[2], rate[3], rate[4]
  local function cost(hits)
    local over = hits * rest
    return hits * us + math.floor(over / parts), over % parts
  end
  local most_us, most_rest = cost(burst)
  local ahead_us, ahead_rest = 0, 0
  if stored then
    local at, old, of = string.match(stored, '^(%d+) ?(%d*)/?(%d*)$')
    ahead_us = tonumber(at) - now
    if old ~= '' then ahead_rest = math.floor(tonumber(old) * parts / tonumber(of)) end
    if ahead_us < 0 then ahead_us, ahead_rest = 0, 0 end
    -- Farther than all of the burst: the clock was set back, or the rate was another. It counts as used up.
    if ahead_us > most_us or (ahead_us == most_us and ahead_rest > most_rest) then ahead_us, ahead_rest = most_us, most_rest end
  end
  local new_us, new_rest = cost(count)
  new_us, new_rest = new_us + ahead_us, new_rest + ahead_rest
  if new_rest >= parts then new_us, new_rest = new_us + 1, new_rest - parts end
  local allowed, wait = new_us < most_us or (new_us == most_us and new_rest <= most_rest), 0
  if allowed then
    ahead_us, ahead_rest = new_us, new_rest
  else
    wait = new_us - most_us + (new_rest > most_rest and 1 or 0)
  end
  -- How many costs fit into what is left: about, then exactly.
  local left_us, left_rest = most_us - ahead_us, most_rest - ahead_rest
  if left_rest < 0 then left_us, left_rest = left_us - 1, left_rest + parts end
  local function fits(hits)
    local its_us, its_rest = cost(hits)
    return its_us < left_us or (its_us == left_us and its_rest <= left_rest)
  end
  local more = math.floor((left_us + left_rest / parts) / (us + rest / parts))
  while more > 0 and not fits(more) do more = more - 1 end
  while more < burst and fits(more + 1) do more = more + 1 end
  local text = string.format('%.0f', now + ahead_us)
  if ahead_rest > 0 then text = text .. ' ' .. string.format('%.0f/%.0f', ahead_rest, parts) end
  return allowed, more, wait, ahead_us + (ahead_rest > 0 and 1 or 0), text
end

-- What a script was given from ARGV[at] on: the rate.
local function rate_at(at)
  return {tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])}
end

local function now_us()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end

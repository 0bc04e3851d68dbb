-- semaphore_release: give permits of a semaphore back, and a ticket.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; the token; how many permits it has; its ticket, "" for none, "?" where it is not
--   known whether it has one.
-- Reply: 1; 0 where they are not its any more.
-- Errors: LOCKLOST, WRONGKIND: nothing was written.
-- Complexity: O(permits * log(all)); O(who waits) for a ticket that is not known.
-- First: proof
-- Needs: permits

-- As it is mostly: no more than one lock, a place that is there, one permit, others beside it, and nobody who waits.
local at = alive and guard + (ARGV[2] == '1' and 2 or 1)
if at and ARGV[6 + guard] == '1' and ARGV[7 + guard] == '' and redis.call('EXISTS', KEYS[at + 2]) == 0
  and redis.call('HGET', KEYS[at], ARGV[3 + guard]) == ARGV[4 + guard] and redis.call('ZCARD', KEYS[at + 1]) > 1 then
  local body, member, time = KEYS[at + 1], '+ ' .. ARGV[5 + guard], redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local ends = redis.call('ZSCORE', body, member)
  if ends and redis.call('ZCOUNT', body, 0, string.format('%.0f', now)) == 0 then  -- else what is dead is taken away, too
    return redis.call('ZREM', body, member)
  end
end
-- Prelude

local refused = unfit()
if refused then return refused end
if not there then return 0 end
local token, ticket, now, held = ARGV[own], ARGV[own + 2], now_ms(), 0
for number = 1, tonumber(ARGV[own + 1]) do
  local member = permit(token, number)
  local ends = redis.call('ZSCORE', body, member)
  if ends then
    redis.call('ZREM', body, member)
    if tonumber(ends) > now then held = 1 end
  end
end
if ticket ~= '' then drop_ticket(tonumber(ticket), token) end
redis.call('ZREMRANGEBYSCORE', body, 0, whole(now))
wake_first()
settle()
return held

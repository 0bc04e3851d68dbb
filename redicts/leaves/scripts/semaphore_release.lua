-- semaphore_release: give permits of a semaphore back, and a ticket.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; the token; how many permits it has; its ticket, "" for none, "?" where it is not
--   known whether it has one.
-- Reply: 1; 0 where they are not its any more.
-- Errors: LOCKLOST, WRONGKIND: nothing was written.
-- Complexity: O(permits * log(all)); O(who waits) for a ticket that is not known.
-- Needs: permits

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

-- reliable_queue_take: lease an item of a reliable queue: the one whose lease ran out first, else the first pending one.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; the lease in ms; "1" where who asks will wait for one, else "0"; the member that it must
--   be, or "" for any.
-- Reply: {1, the member as it is now}; {0, the member} that is next instead: nothing was taken; {0, "", ms until the
--   next lease ends, -1 for never} where there is none.
-- Errors: LOCKLOST, WRONGKIND: nothing was taken.
-- Complexity: O(log(all)).
-- Takes: an item, until its lease ends
-- Needs: leaf

local refused = unfit()
if refused then return refused end
local lease, now = tonumber(ARGV[own]), now_ms()
local today, member = string.format('%.0f', now), nil
if there then
  member = redis.call('ZRANGEBYSCORE', body, 1, today, 'LIMIT', 0, 1)[1]
    or redis.call('ZRANGEBYSCORE', body, 0, 0, 'LIMIT', 0, 1)[1]
end
if not member then
  if ARGV[own + 1] == '1' then expect('get') end
  local first = there and redis.call('ZRANGE', body, 0, 0, 'WITHSCORES')[2]
  return {0, '', first and math.max(1, tonumber(first) - now) or -1}
end
if ARGV[own + 2] ~= '' and ARGV[own + 2] ~= member then return {0, member} end
local dot, space = string.find(member, '.', 1, true), string.find(member, ' ', 1, true)
local times = tonumber(string.sub(member, dot + 1, space - 1), 16) + 1
local leased = string.sub(member, 1, dot) .. string.format('%x', times) .. string.sub(member, space)
redis.call('ZADD', body, string.format('%.0f', now + lease), leased)
redis.call('ZREM', body, member)  -- only now: the leaf is never empty between
if redis.call('EXISTS', KEYS[own_key + 2]) == 1 then
  announce('put')
  -- Who waits does not know of a lease that ends before it looks again.
  if lease < 1000 or redis.call('ZCOUNT', body, 0, today) > 0 then announce('get') end
end
return {1, leased}

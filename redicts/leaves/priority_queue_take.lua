-- priority_queue_take: take the first item out of a priority queue.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; the member that it must be, or "" for any; "1" where who asks will wait for one.
-- Reply: {1, member} of what was taken; {0, member} where another is the first, {0} where none is: nothing was taken.
-- Errors: LOCKLOST, WRONGKIND: nothing was taken.
-- Complexity: O(log(length)).
-- Needs: leaf

local refused = unfit()
if refused then return refused end
local expected, member = ARGV[own], there and redis.call('ZRANGE', body, 0, 0)[1]
if not member then
  if ARGV[own + 1] == '1' then expect('get') end
  return {0}
end
if expected ~= '' and expected ~= member then return {0, member} end
redis.call('ZREM', body, member)
settle()
announce('put')
if redis.call('EXISTS', body) == 1 then announce('get') end
return {1, member}

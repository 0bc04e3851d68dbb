-- priority_queue_take: take the first item out of a priority queue.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; the member that it must be, or "" for any; "1" where who asks will wait for one.
-- Reply: {1, member} of what was taken; {0, member} where another is the first, {0} where none is: nothing was taken.
-- Errors: LOCKLOST, WRONGKIND: nothing was taken.
-- Complexity: O(log(length)).
-- Takes: the item.
-- First: proof
-- Needs: leaf

if alive then
  local at, expected = guard + (ARGV[2] == '1' and 2 or 1), ARGV[5 + guard]
  if redis.call('HGET', KEYS[at], ARGV[3 + guard]) == ARGV[4 + guard] and redis.call('EXISTS', KEYS[at + 2]) == 0 then
    local found = redis.call('ZRANGE', KEYS[at + 1], 0, 1)
    if found[2] then
      if expected ~= '' and expected ~= found[1] then return {0, found[1]} end
      redis.call('ZREM', KEYS[at + 1], found[1])
      return {1, found[1]}
    end
  end
end
-- Prelude

local refused = unfit()
if refused then return refused end
local expected, found = ARGV[own], there and redis.call('ZRANGE', body, 0, 1) or {}
if not found[1] then
  if ARGV[own + 1] == '1' then expect('get') end
  return {0}
end
if expected ~= '' and expected ~= found[1] then return {0, found[1]} end
redis.call('ZREM', body, found[1])
settle()
announce('put')
if found[2] then announce('get') end
return {1, found[1]}

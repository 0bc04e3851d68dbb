-- set_overlap: how much of a set is in another, or among elements that are given.
-- KEYS: the hash of the entry, and the body; then those of the other set, if it is one.
-- ARGV: marker; field; then the other's field, or the texts of the elements that are given.
-- Reply: how many are in the set, in the other, in both.
-- Errors: WRONGKIND, with the marker found and the number of the set: 0 or 1.
-- Complexity: O(the smaller), or O(what is given).
-- Needs: sets

local SOME = 4000  -- arguments for one command: Lua's stack takes about 8,000
local body, wrong = body_at(1, ARGV[2], ARGV[1], 0)
if wrong then return wrong end
local size = redis.call('SCARD', body)
if KEYS[3] then
  local other, wrong_too = body_at(3, ARGV[3], ARGV[1], 1)
  if wrong_too then return wrong_too end
  return {size, redis.call('SCARD', other), #redis.call('SINTER', body, other)}
end
local both = 0
for at = 3, #ARGV, SOME do
  for _, flag in ipairs(redis.call('SMISMEMBER', body, unpack(ARGV, at, math.min(at + SOME - 1, #ARGV)))) do
    both = both + flag
  end
end
return {size, #ARGV - 2, both}

-- counter_add: add to counts; one that is not there counts as 0.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; then in turn: a key's text, what to add to its count. No key comes twice.
-- Reply: the last sum; {key} where its sum is beyond 64 bits: nothing was written.
-- Errors: LOCKLOST, NEWSECTION, WRONGKIND: nothing was written.
-- Complexity: O(keys).
-- Needs: leaf, decimal

-- Most additions are of a small number to a count that is there, under no lock.
if ARGV[1] == '0' and #ARGV == 6 and #ARGV[6] <= 15 then
  local at = ARGV[2] == '1' and 2 or 1
  local old = redis.call('HGET', KEYS[at], ARGV[3]) == ARGV[4] and redis.call('HGET', KEYS[at + 1], ARGV[5])
  if old and #old <= 15 then
    local sum = string.format('%.0f', old + ARGV[6])
    redis.call('HSET', KEYS[at + 1], ARGV[5], sum)
    return sum
  end
end
-- Prelude

local refused = unfit()
if refused then return refused end
local sums = {}
for from = own, #ARGV, CHUNK do
  local names = {}
  for at = from, math.min(from + CHUNK, #ARGV) - 1, 2 do names[#names + 1] = ARGV[at] end
  local counts = there and redis.call('HMGET', body, unpack(names)) or {}
  for i, name in ipairs(names) do
    local sum = sum_of(counts[i] or '0', ARGV[from + 2 * i - 1], body .. '.')
    if not sum then return {name} end
    sums[#sums + 1] = name
    sums[#sums + 1] = sum
  end
end
refused = mount()
if refused then return refused end
for at = 1, #sums, CHUNK do redis.call('HSET', body, unpack(sums, at, math.min(at + CHUNK - 1, #sums))) end
settle()
return sums[#sums]

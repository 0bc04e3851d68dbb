-- counter_top: the largest counts of a counter.
-- KEYS: the hash of the entry; the body.
-- ARGV: field; marker; how many.
-- Reply: keys and counts in turn, the largest count first.
-- Errors: WRONGKIND.
-- Complexity: O(length), and sorting so many as are asked for.
-- Needs: kept, decimal

local wrong = wrong_kind()
if wrong then return wrong end
local count, flat = tonumber(ARGV[3]), redis.call('HGETALL', KEYS[2])
local best, least = {}, nil  -- where keys stand in `flat`; a count that is of use only if it is above this

local function sort()
  table.sort(best, function(one, other) return above(flat[one + 1], flat[other + 1]) end)
  for i = #best, count + 1, -1 do best[i] = nil end
  if #best == count then least = flat[best[count] + 1] end
end

if count == 0 then return {} end
for i = 1, #flat, 2 do
  if not least or above(flat[i + 1], least) then
    best[#best + 1] = i
    if #best >= 2 * count + 100 then sort() end
  end
end
sort()
local found = {}
for _, i in ipairs(best) do
  found[#found + 1] = flat[i]
  found[#found + 1] = flat[i + 1]
end
return found

-- counter_total: the sum of the counts of a counter.
-- KEYS: the hash of the entry; the body.
-- ARGV: field; marker.
-- Reply: three sums: of the last 7 digits of the counts, of the 7 before them, and of what comes before those; each has
--   its count's sign. (A Lua number would lose digits of the whole.)
-- Errors: WRONGKIND.
-- Complexity: O(length).
-- Needs: kept

local wrong = wrong_kind()
if wrong then return wrong end
local sums = {0, 0, 0}
for _, text in ipairs(redis.call('HVALS', KEYS[2])) do
  local sign, digits = string.match(text, '^(-?)(%d+)$')
  for part = 1, 3 do
    local some = string.sub(digits, part == 3 and 1 or -7 * part, -7 * (part - 1) - 1)
    if some ~= '' then sums[part] = sums[part] + tonumber(sign .. some) end
  end
end
for part = 1, 3 do sums[part] = string.format('%.0f', sums[part]) end
return sums

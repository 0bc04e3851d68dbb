-- list_sort: sort a list of numbers, or of texts, as Python does: equal elements keep their order.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; "1" for the opposite order, else "0"; how many elements it sorts at most.
-- Reply: {1}; {0, elements} where there are more, or others than numbers and texts: nothing was done.
-- Errors: LOCKLOST, WRONGKIND: nothing was written.
-- Complexity: O(n log n).
-- Needs: row, collation

local refused = unfit()
if refused then return refused end
local texts = there and redis.call('LRANGE', body, 0, -1) or {}
local size = #texts
if size < 2 then return {1} end

-- Where each element of the sorted row stands. (Merging from below: no element passes one that equals it.)
local function sorted(keys)
  local from, to, width = {}, {}, 1
  for i = 1, size do from[i] = i end
  while width < size do
    for low = 1, size, 2 * width do
      local i, j, middle, high = low, low + width, low + width, math.min(low + 2 * width, size + 1)
      for at = low, high - 1 do
        if i < middle and (j >= high or keys[from[i]] <= keys[from[j]]) then
          to[at], i = from[i], i + 1
        else
          to[at], j = from[j], j + 1
        end
      end
    end
    from, to, width = to, from, width * 2
  end
  return from
end

local keys, key_of = {}, string.byte(texts[1]) == 34 and digits_of or number_of
for i = 1, size do
  keys[i] = size <= tonumber(ARGV[own + 1]) and key_of(texts[i]) or nil
  if not keys[i] then return {0, texts} end
end
local reverse, found = ARGV[own] == '1', {}
if reverse then texts, keys = turned(texts), turned(keys) end  -- and again below: so equal elements keep their order
for i, at in ipairs(sorted(keys)) do found[i] = texts[at] end
replace(size, reverse and turned(found) or found)
return {1}

-- list_arrange: put the elements of a list in an order that the client made out, if they are still as they were.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; the texts that were read, with commas between; where each element comes from, counted from
--   0, with commas between.
-- Reply: {1}; {0, elements} where they are others now: nothing was done.
-- Errors: LOCKLOST, WRONGKIND: nothing was written.
-- Complexity: O(length).
-- Needs: row

local refused = unfit()
if refused then return refused end
local texts, found = there and redis.call('LRANGE', body, 0, -1) or {}, {}
if table.concat(texts, ',') ~= ARGV[own] then return {0, texts} end
for at in string.gmatch(ARGV[own + 1], '%d+') do found[#found + 1] = texts[at + 1] end
replace(#texts, found)
return {1}

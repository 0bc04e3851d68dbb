-- set_combine: the elements that several sets have together.
-- KEYS: for each set the hash of its entry, and its body. All lie in one section.
-- ARGV: marker; "union", "intersection", "difference" (the first without the others) or "symmetric_difference" (of two);
--   the number of the first set, for errors; the field of each.
-- Reply: the texts of the elements, in no order. A set that is not there is empty.
-- Errors: WRONGKIND, with the marker found and the number of the set.
-- Complexity: O(elements of all of them).
-- Needs: sets

local bodies, wrong = {}, nil
for i = 1, #KEYS, 2 do
  local at = (i - 1) / 2
  bodies[at + 1], wrong = body_at(i, ARGV[4 + at], ARGV[1], ARGV[3] + at)
  if wrong then return wrong end
end
if ARGV[2] == 'union' then return redis.call('SUNION', unpack(bodies)) end
if ARGV[2] == 'intersection' then return redis.call('SINTER', unpack(bodies)) end
local found = redis.call('SDIFF', unpack(bodies))
if ARGV[2] == 'symmetric_difference' then
  for _, text in ipairs(redis.call('SDIFF', bodies[2], bodies[1])) do found[#found + 1] = text end
end
return found

-- sorted_set_take: take the first or the last members out of a sorted set.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; "ZPOPMIN" or "ZPOPMAX"; how many; "1" where who asks will wait for one; the members that
--   they must be, in order, or nothing for any.
-- Reply: {1, them} with member and score one after the other; {0, them} of what stands there where it is others, or
--   nothing: nothing was taken.
-- Errors: LOCKLOST, WRONGKIND: nothing was taken.
-- Complexity: O(log(length)) for each.
-- Takes: members.
-- Needs: leaf

local refused = unfit()
if refused then return refused end
local command, count, first = ARGV[own], tonumber(ARGV[own + 1]), own + 3
if not there then
  if ARGV[own + 2] == '1' then expect('get') end
  return {0, {}}
end
if first <= #ARGV then
  local reader = command == 'ZPOPMIN' and 'ZRANGE' or 'ZREVRANGE'
  local found = redis.call(reader, body, 0, count - 1, 'WITHSCORES')
  local same = #found == 2 * (#ARGV - first + 1)
  for i = first, same and #ARGV or 0 do
    if ARGV[i] ~= found[2 * (i - first) + 1] then same = false end
  end
  if not same then return {0, found} end
end
local taken = redis.call(command, body, count)
settle()
if redis.call('EXISTS', body) == 1 then announce('get') end
return {1, taken}

-- list_take: take an element out of a list by its index.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; the index; the text that it must have, or "" for any; "1" where who asks will wait for it.
-- Reply: {1, text} of what was taken; {0, text} where another stands there, {0} where none does: nothing was taken.
-- Errors: LOCKLOST, WRONGKIND: nothing was taken.
-- Complexity: O(distance from the nearer end).
-- Takes: the element
-- Needs: leaf

local refused = unfit()
if refused then return refused end
local at, expected = tonumber(ARGV[own]), ARGV[own + 1]
local text = there and redis.call('LINDEX', body, at)
if not text then
  if ARGV[own + 2] == '1' then expect('get') end
  return {0}
end
if expected ~= '' and expected ~= text then return {0, text} end
local size = redis.call('LLEN', body)
if at < 0 then at = at + size end
if at == 0 then
  redis.call('LPOP', body)
elseif at == size - 1 then
  redis.call('RPOP', body)
else
  redis.call('LSET', body, at, '@')  -- no element is spelled so
  redis.call('LREM', body, at < size / 2 and 1 or -1, '@')
end
settle()
announce('put')
if size > 1 then announce('get') end
return {1, text}

-- mapping_take: take a key out of a mapping.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; the key's text, or "" for any one; the text that its value must have, or "" for any.
-- Reply: {1, key, value} of what was taken; {0, key, value} where another value stands there, {0} where none does:
--   nothing was taken.
-- Errors: LOCKLOST, WRONGKIND: nothing was taken.
-- Complexity: O(1).
-- Takes: the value.
-- Needs: leaf

local refused = unfit()
if refused then return refused end
local name, expected, text = ARGV[own], ARGV[own + 1], nil
if there and name == '' then
  local flat = redis.call('HRANDFIELD', body, 1, 'WITHVALUES') or {}
  if not flat[1] then flat = redis.call('HGETALL', body) end  -- drawn were such as have expired
  name, text = flat[1], flat[2]
elseif there then
  text = redis.call('HGET', body, name)
end
if not text then return {0} end
if expected ~= '' and expected ~= text then return {0, name, text} end
redis.call('HDEL', body, name)
settle()
return {1, name, text}

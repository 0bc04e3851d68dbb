-- prelude decimal: whole numbers of 64 bits as decimal texts; a Lua number would lose digits.

-- Whether a number is larger than another.
local function above(text, other)
  local negative = string.byte(text) == 45
  if text == other or negative ~= (string.byte(other) == 45) then return text ~= other and not negative end
  if #text ~= #other then return (#text > #other) ~= negative end
  return (text > other) ~= negative
end

-- The sum of two, or nil beyond 64 bits. The server adds what is long, in a hash of `scratch`, which is nobody's.
local function sum_of(text, other, scratch)
  if #text <= 15 and #other <= 15 then return string.format('%.0f', text + other) end
  redis.call('HSET', scratch, 'sum', text)
  local reply = redis.pcall('HINCRBY', scratch, 'sum', other)
  local sum = type(reply) == 'number' and redis.call('HGET', scratch, 'sum') or nil
  redis.call('UNLINK', scratch)
  return sum
end

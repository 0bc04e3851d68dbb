-- prelude sketches: bodies that the server alone can read. For the script check alone.

-- What a body should be and is not: "a HyperLogLog" or "a Bloom filter"; and whether it is a HyperLogLog as fakeredis makes
-- them: a set.
local function sketch(kind, key)
  if kind and kind[2] == 'filter' then
    local head = redis.pcall('GETRANGE', key, 0, 255)
    if type(head) ~= 'string' or string.find(head, '^redicts bloom .* length=[%d.e+]+ ') then return false, false end
    return 'a Bloom filter', false
  end
  if not kind or kind[2] ~= 'estimate' then return false, false end
  local count = redis.pcall('PFCOUNT', key, key)  -- twice: else a number that is kept with it may do
  if type(count) == 'table' then return 'a HyperLogLog', false end
  return false, redis.call('TYPE', key).ok == 'set'
end

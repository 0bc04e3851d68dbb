-- prelude sketches: bodies that the server alone can read. For the script check alone.

-- Whether a body should be a HyperLogLog and is none; and whether it is one as fakeredis makes them: a set.
local function sketch(kind, key)
  if not kind or kind[2] ~= 'estimate' then return false, false end
  local count = redis.pcall('PFCOUNT', key, key)  -- twice: else a number that is kept with it may do
  if type(count) == 'table' then return true, false end
  return false, redis.call('TYPE', key).ok == 'set'
end

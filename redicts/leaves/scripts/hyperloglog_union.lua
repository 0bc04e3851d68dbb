-- hyperloglog_union: about how many different elements several HyperLogLogs have seen together.
-- KEYS: for each the hash of its entry, and its body.
-- ARGV: marker; the number of HyperLogLogs; the field of each; the bodies of more, as GET gives them.
-- Reply: the estimate. One that is not there has seen nothing.
-- Errors: WRONGKIND, with the marker found and the number of the HyperLogLog; the server's, of a body that is none.
-- Complexity: O(HyperLogLogs), 12 KB each.
-- Needs: sets, lent

local count, bodies = tonumber(ARGV[2]), {}
for i = 1, count do
  if redis.call('HGET', KEYS[2 * i - 1], ARGV[2 + i]) ~= ARGV[1] then break end
  bodies[i] = KEYS[2 * i]
end
if #bodies == count and #ARGV == 2 + count then return redis.call('PFCOUNT', unpack(bodies)) end  -- as it is mostly
-- Prelude

for i = 1, count do
  local body, wrong = body_at(2 * i - 1, ARGV[2 + i], ARGV[1], i - 1)
  if wrong then return wrong end
  bodies[i] = body
end
local reply = lend(3 + count, KEYS[2], bodies) or redis.pcall('PFCOUNT', unpack(bodies))
give_back()
return reply

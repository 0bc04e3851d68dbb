-- list_slice: the elements of a slice of a list with a step.
-- KEYS: the hash of the entry; the body.
-- ARGV: field; marker; start, stop, step, as Python has them ("" for None; the step is not 0).
-- Reply: the elements.
-- Errors: WRONGKIND.
-- Complexity: O(what lies between the first and the last).
-- Needs: kept, sequence

local wrong = wrong_kind()
if wrong then return wrong end
local step = tonumber(ARGV[5])
local start, stop = bounds(ARGV[3], ARGV[4], step, redis.call('LLEN', KEYS[2]))
local count = count_between(start, stop, step)
if count == 0 then return {} end
local last = start + (count - 1) * step
local texts, found = redis.call('LRANGE', KEYS[2], math.min(start, last), math.max(start, last)), {}
for i = 0, count - 1 do
  found[i + 1] = texts[step > 0 and i * step + 1 or (count - 1 - i) * -step + 1]
end
return found

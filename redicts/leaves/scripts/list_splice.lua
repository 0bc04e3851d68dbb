-- list_splice: put elements in the place of a slice of a list.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; start, stop, step, as Python has them ("" for None); "take" where the slice is to be taken
--   out, "own" where the list's own elements are put there, else "put"; how many elements there may be, or ""; the
--   elements that are put there.
-- Reply: {1, length}; {0, n}: nothing was done, for a slice with a step has n elements and another number was given, or
--   there are n elements, and may be no more.
-- Errors: LOCKLOST, NEWSECTION, WRONGKIND: nothing was written.
-- Complexity: O(elements + distance from the nearer end, or from the beginning); O(length) with a step.
-- Needs: row, sequence

local refused = unfit()
if refused then return refused end
local size = there and redis.call('LLEN', body) or 0
local step, verb, most = tonumber(ARGV[own + 2]), ARGV[own + 3], tonumber(ARGV[own + 4])
if most and size >= most then return {0, size} end
local start, stop = bounds(ARGV[own], ARGV[own + 1], step, size)
local count, new = count_between(start, stop, step), {}
if verb == 'own' then
  new = size > 0 and redis.call('LRANGE', body, 0, -1) or {}
else
  for i = own + 5, #ARGV do new[#new + 1] = ARGV[i] end
end

-- Put a few new elements in the place of a few far from both ends, where moving what is beside them would take longer.
local function splice_few()
  for i = 1, math.min(count, #new) do redis.call('LSET', body, start + i - 1, new[i]) end
  for i = #new + 1, count do redis.call('LSET', body, start + i - 1, '@') end  -- no element is spelled so
  if count > #new then return redis.call('LREM', body, start < size / 2 and count - #new or #new - count, '@') end
  if count == #new then return end
  local after = redis.call('LINDEX', body, stop)
  redis.call('LSET', body, stop, '@')
  for i = count + 1, #new do redis.call('LINSERT', body, 'BEFORE', '@', new[i]) end
  redis.call('LSET', body, start + #new, after)
end

-- Put the new elements in the place of those from `start` to `stop`: what is on the shorter side of them is moved.
local function splice()
  local moved = math.min(start, size - stop)
  if moved > 100 and math.max(count, #new) * start < moved * 30 then return splice_few() end
  if start < size - stop then
    local before = start > 0 and redis.call('LRANGE', body, 0, start - 1) or {}
    redis.call('LTRIM', body, stop, -1)
    push('LPUSH', turned(new))
    push('LPUSH', turned(before))
  elseif start == 0 then
    replace(size, new)
  else
    local after = stop < size and redis.call('LRANGE', body, stop, -1) or {}
    redis.call('LTRIM', body, 0, start - 1)
    push('RPUSH', new)
    push('RPUSH', after)
  end
end

if step ~= 1 then
  if verb ~= 'take' and count ~= #new then return {0, count} end
  if count == 0 then return {1, size} end
  local texts, kept = redis.call('LRANGE', body, 0, -1), {}
  for i = 0, count - 1 do texts[start + i * step + 1] = verb == 'take' and '' or new[i + 1] end
  for _, text in ipairs(texts) do
    if text ~= '' then kept[#kept + 1] = text end
  end
  replace(size, kept)
elseif #new == 0 and start >= stop then
  return {1, size}
else
  stop = math.max(stop, start)
  refused = #new > 0 and mount()
  if refused then return refused end
  splice()
end
settle()
if #new > 0 then announce('get') else announce('put') end
return {1, redis.call('LLEN', body)}
